/* SPDX-License-Identifier: MIT */
#include "registry/statement.h"

#include "base/hex.h"
#include "eth/keccak.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void put_u64(uint8_t *word32, uint64_t value)
{
    for (int i = 31; i >= 24; i--, value >>= 8)
        word32[i] = (uint8_t)value;
}

void registry_statement_hash(const registry_statement *statement, uint8_t hash32[static 32])
{
    uint8_t encoded[6 * 32] = {0};
    put_u64(encoded, statement->chain_id);
    memcpy(encoded + 32 + 12, statement->contract20, 20);
    memcpy(encoded + 64, statement->instance20, 20); /* bytes20 is left-aligned */
    eth_keccak256(statement->url, strlen(statement->url), encoded + 96);
    put_u64(encoded + 128, statement->anchor_number);
    memcpy(encoded + 160, statement->anchor_hash32, 32);
    eth_keccak256(encoded, sizeof encoded, hash32);
}

void registry_purpose(const registry_statement *statement, char purpose[static REGISTRY_PURPOSE_TEXT])
{
    static const char prefix[] = "dstack-p2p-v1:";
    uint8_t hash[32];
    registry_statement_hash(statement, hash);
    memcpy(purpose, prefix, sizeof prefix - 1);
    base_hex_encode(hash, sizeof hash, purpose + sizeof prefix - 1);
}

void registry_key_path(const uint8_t instance20[static 20], char path[static REGISTRY_PATH_TEXT])
{
    static const char prefix[] = "dstack-p2p/";
    memcpy(path, prefix, sizeof prefix - 1);
    base_hex_encode(instance20, 20, path + sizeof prefix - 1);
}

void registry_app_message_hash(const char *purpose, const uint8_t derived_key33[static 33],
                               uint8_t hash32[static 32])
{
    char message[REGISTRY_PURPOSE_TEXT + 1 + 66], key[67];
    base_hex_encode(derived_key33, 33, key);
    int len = snprintf(message, sizeof message, "%.*s:%s", REGISTRY_PURPOSE_TEXT - 1, purpose, key);
    eth_keccak256(message, (size_t)len, hash32);
}

void registry_kms_message_hash(const uint8_t app_id20[static 20], const uint8_t app_key33[static 33],
                               uint8_t hash32[static 32])
{
    static const char prefix[] = "dstack-kms-issued:";
    uint8_t message[sizeof prefix - 1 + 20 + 33];
    memcpy(message, prefix, sizeof prefix - 1);
    memcpy(message + sizeof prefix - 1, app_id20, 20);
    memcpy(message + sizeof prefix - 1 + 20, app_key33, 33);
    eth_keccak256(message, sizeof message, hash32);
}
