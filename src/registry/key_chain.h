/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_KEY_CHAIN_H
#define REGISTRY_KEY_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The signature chain KMS root -> app key -> derived key, as the guest agent hands it out.
 */

/** The app key that signed `derived_key33` for `purpose`; false when the signature holds none. */
bool registry_recover_app_key(const char *purpose, const uint8_t derived_key33[static 33],
                              const uint8_t app_signature65[static 65], uint8_t app_key33[static 33]);

/** The address of the KMS root that certified the app key for the app; false likewise. */
bool registry_recover_kms_root(const uint8_t app_id20[static 20], const uint8_t app_key33[static 33],
                               const uint8_t kms_signature65[static 65], uint8_t root20[static 20]);

enum { REGISTRY_APP_SIGNATURE = 73, REGISTRY_KMS_SIGNATURE = 118 };

/** registerPeer's appSignature: signature, anchor block number. */
void registry_pack_app_signature(const uint8_t app_signature65[static 65], uint64_t anchor_number,
                                 uint8_t packed73[static REGISTRY_APP_SIGNATURE]);

/** registerPeer's kmsSignature, the certificate: signature, app public key, app id. */
void registry_pack_kms_signature(const uint8_t kms_signature65[static 65], const uint8_t app_key33[static 33],
                                 const uint8_t app_id20[static 20],
                                 uint8_t packed118[static REGISTRY_KMS_SIGNATURE]);

#endif
