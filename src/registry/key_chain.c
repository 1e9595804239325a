/* SPDX-License-Identifier: MIT */
#include "registry/key_chain.h"

#include "eth/key.h"
#include "registry/statement.h"

#include <string.h>

bool registry_recover_app_key(const char *purpose, const uint8_t derived_key33[static 33],
                              const uint8_t app_signature65[static 65], uint8_t app_key33[static 33])
{
    uint8_t hash[32];
    registry_app_message_hash(purpose, derived_key33, hash);
    return eth_key_recover(hash, app_signature65, app_key33);
}

bool registry_recover_kms_root(const uint8_t app_id20[static 20], const uint8_t app_key33[static 33],
                               const uint8_t kms_signature65[static 65], uint8_t root20[static 20])
{
    uint8_t hash[32], root33[33];
    registry_kms_message_hash(app_id20, app_key33, hash);
    return eth_key_recover(hash, kms_signature65, root33) && eth_key_address(root33, root20);
}

void registry_pack_app_signature(const uint8_t app_signature65[static 65], uint64_t anchor_number,
                                 uint8_t packed73[static REGISTRY_APP_SIGNATURE])
{
    memcpy(packed73, app_signature65, 65);
    for (int i = 72; i >= 65; i--, anchor_number >>= 8)
        packed73[i] = (uint8_t)anchor_number;
}

void registry_pack_kms_signature(const uint8_t kms_signature65[static 65], const uint8_t app_key33[static 33],
                                 const uint8_t app_id20[static 20],
                                 uint8_t packed118[static REGISTRY_KMS_SIGNATURE])
{
    memcpy(packed118, kms_signature65, 65);
    memcpy(packed118 + 65, app_key33, 33);
    memcpy(packed118 + 98, app_id20, 20);
}
