/* SPDX-License-Identifier: MIT */
#ifndef GUEST_ANSWER_H
#define GUEST_ANSWER_H

#include "base/error.h"

#include <stdint.h>

/*
 * The guest agent's answers, free of I/O. All of them are GUEST_ANSWER errors where they are not what
 * dstack's agent sends.
 */

typedef struct guest_info {
    uint8_t instance_id20[20];
    uint8_t app_id20[20];
} guest_info;

/** A derived key and its signature chain; to be wiped. */
typedef struct guest_key {
    uint8_t key32[32];
    uint8_t app_signature65[65];
    uint8_t kms_signature65[65];
} guest_key;

/** Info. NO_INSTANCE_ID when the agent runs without instance ids. */
int guest_read_info(const char *text, size_t len, guest_info *info, base_error *error);

/**
 * GetKey. The key's digits in `text` are overwritten before anything else looks at it, so no copy of
 * them comes to be. NO_KMS_SIGNATURE when the chain ends at the app key.
 */
int guest_read_key(char *text, size_t len, guest_key *key, base_error *error);

/** The sentence of an error answer, or "" when it holds none. */
void guest_read_refusal(const char *text, size_t len, char *sentence, size_t size);

#endif
