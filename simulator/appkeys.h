/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_APPKEYS_H
#define SIMULATOR_APPKEYS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dstack's appkeys.json: what the KMS hands to an app. Fields, all of them strings unless said otherwise:
 *   k256_key        32 bytes in hex: the app key
 *   k256_signature  65 bytes in hex: the KMS root key over the app key; "" as local key providers give it
 *   disk_crypt_key  hex
 *   env_crypt_key   hex, may be missing
 *   gateway_app_id
 *   ca_cert         a certificate in PEM
 *   key_provider    an object with one member, named "None", "Local", "Tpm" or "Kms"
 * Unknown fields are passed over, as dstack does.
 */

enum { SIM_APPKEYS_MAX = 64 * 1024 };

typedef struct sim_appkeys {
    uint8_t app_key32[32];
    uint8_t kms_signature65[65];
    size_t kms_signature_len; /**< 65, or 0 */
    char *ca_cert;            /**< PEM, owned */
    char *key_provider_id;    /**< the certificate's public key in hex, owned */
} sim_appkeys;

/** Name under which errors mention the built-in keys, and their text: dstack's public development keys. */
extern const char sim_appkeys_public[];

/** Reads a file. On failure `error` names the file and the field. sim_appkeys_free() in either case. */
bool sim_appkeys_load(sim_appkeys *keys, const char *file, base_error *error);

/** The built-in, public keys. */
bool sim_appkeys_load_public(sim_appkeys *keys, base_error *error);

/** Wipes and frees what the keys hold. */
void sim_appkeys_free(sim_appkeys *keys);

#endif
