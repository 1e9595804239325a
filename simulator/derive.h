/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_DERIVE_H
#define SIMULATOR_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dstack's key derivation. Every path gives a key of its own; the purpose is part of what the app key
 * signs, not of the derivation.
 */

enum { SIM_DERIVE_MAX = 1024 }; /**< longest path and longest purpose, in bytes */

typedef enum sim_algorithm { SIM_SECP256K1, SIM_ED25519 } sim_algorithm;

/** HKDF-SHA256 of the app key, salt "RATLS", info = path; false when OpenSSL refuses. */
bool sim_derive_key(const uint8_t app_key32[static 32], const void *path, size_t path_len,
                    uint8_t key32[static 32]);

/** The derived key's public half: 33 bytes SEC1 compressed, or 32 for ed25519. 0 for an invalid key. */
size_t sim_derive_public(sim_algorithm algorithm, const uint8_t key32[static 32],
                         uint8_t public_key33[static 33]);

/** The app key's signature over keccak256(purpose ":" hex(public key)): r, s, recovery id. */
bool sim_derive_sign(const uint8_t app_key32[static 32], const void *purpose, size_t purpose_len,
                     const uint8_t *public_key, size_t public_len, uint8_t signature65[static 65]);

#endif
