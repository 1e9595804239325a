/* SPDX-License-Identifier: MIT */
#include "derive.h"

#include "base/buf.h"
#include "eth/keccak.h"
#include "eth/key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

/* OSSL_PARAM has no const members, OpenSSL does not write to what is only set. */
static OSSL_PARAM octets(const char *name, const void *data, size_t len)
{
    union {
        const void *given;
        void *wanted;
    } pointer = {.given = len ? data : ""};
    return OSSL_PARAM_construct_octet_string(name, pointer.wanted, len);
}

bool sim_derive_key(const uint8_t app_key32[static 32], const void *path, size_t path_len,
                    uint8_t key32[static 32])
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        octets(OSSL_KDF_PARAM_KEY, app_key32, 32),
        octets(OSSL_KDF_PARAM_SALT, "RATLS", 5),
        octets(OSSL_KDF_PARAM_INFO, path, path_len),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool done = path_len <= SIM_DERIVE_MAX && context && EVP_KDF_derive(context, key32, 32, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

static size_t ed25519_public(const uint8_t seed32[static 32], uint8_t public_key32[static 32])
{
    size_t len = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed32, 32);
    bool done = key && EVP_PKEY_get_raw_public_key(key, public_key32, &len) == 1;
    EVP_PKEY_free(key);
    return done ? len : 0;
}

size_t sim_derive_public(sim_algorithm algorithm, const uint8_t key32[static 32],
                         uint8_t public_key33[static 33])
{
    if (algorithm == SIM_ED25519) return ed25519_public(key32, public_key33);
    return eth_key_public(key32, public_key33) ? 33 : 0;
}

bool sim_derive_sign(const uint8_t app_key32[static 32], const void *purpose, size_t purpose_len,
                     const uint8_t *public_key, size_t public_len, uint8_t signature65[static 65])
{
    uint8_t hash[32];
    base_buf message = base_buf_make(SIM_DERIVE_MAX + 1 + 66);
    base_buf_append(&message, purpose, purpose_len);
    base_buf_puts(&message, ":");
    base_buf_hex(&message, public_key, public_len);
    bool done = !base_buf_failed(&message);
    if (done) {
        eth_keccak256(message.data, message.len, hash);
        done = eth_key_sign(app_key32, hash, signature65);
    }
    base_buf_free(&message);
    return done;
}
