/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DIFFERENTIAL_REGISTRATION_H
#define TESTS_DIFFERENTIAL_REGISTRATION_H

#include "registry/statement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Random registrations, and what the library makes of them.
 */

/** splitmix64: numbers that a seed brings back. */
typedef struct random_source {
    uint64_t state;
} random_source;

uint64_t random_u64(random_source *random);

/** 0 to limit - 1. */
size_t random_below(random_source *random, size_t limit);

void random_bytes(random_source *random, void *out, size_t len);

/** A call of registerPeer and where it is made. Not to be copied: the statement borrows `url`. */
typedef struct registration {
    registry_statement statement; /**< also: the chain, the contract and the block of the call */
    char url[REGISTRY_URL_MAX + 1];
    uint8_t derived_key33[33], app_signature65[65];
    uint8_t kms_signature65[65], app_key33[33], app_id20[20];
    uint8_t kms_root20[20];                                /**< that the contract trusts */
    uint8_t root_private_key32[32], app_private_key32[32]; /**< for signing once more */
} registration;

/** A registration that is to be accepted. */
void registration_make(registration *it, random_source *random);

/** A private key and its public key. */
void registration_make_key(random_source *random, uint8_t private_key32[static 32],
                           uint8_t public_key33[static 33]);

/** Signs as the guest agent and the KMS do. */
void registration_sign_statement(registration *it);
void registration_sign_certificate(registration *it);

/** What the library makes of a registration. Addresses are zero where there is none. */
typedef struct registration_outcome {
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t statement32[32], app_message32[32], kms_message32[32];
    uint8_t instance20[20], app20[20];           /**< of the derived and of the certified key */
    uint8_t app_signer20[20], root_signer20[20]; /**< who signed the statement and the certificate */
    bool url_fits, accepted;
} registration_outcome;

void registration_conclude(const registration *it, registration_outcome *out);

/** A change to a registration that was to be accepted. */
typedef struct mutation {
    const char *name;
    void (*apply)(registration *it, random_source *random);
    bool harmless; /**< it is still to be accepted */
} mutation;

extern const mutation mutations[];
extern const size_t mutations_count;

#endif
