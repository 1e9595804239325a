/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PRIVATE_KEY_H
#define CLUSTER_PRIVATE_KEY_H

#include "base/error.h"
#include "base/log.h"

#include <stdint.h>

/**
 * Loads the paying key, first found: `text`, the file, PRIVATE_KEY_FILE, PRIVATE_KEY, which is taken out of
 * the environment. `key32` becomes a block of base_secret_new(), or NULL when there is none; an empty or
 * malformed one is PRIVATE_KEY. No sentence ever holds a part of it.
 */
int cluster_private_key_load(const char *text, const char *file, const base_log *log, uint8_t **key32,
                             base_error *error);

/** Wipes it. NULL is allowed. */
void cluster_private_key_free(uint8_t *key32);

#endif
