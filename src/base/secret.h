/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/** Overwrites with zeros in a way the compiler keeps. NULL is allowed when len is 0. */
void base_wipe(void *data, size_t len);

/** Wipes a NUL-terminated string and frees it. NULL is allowed. */
void base_wipe_free(char *text);

/**
 * A zeroed block for a secret, on pages of its own: not in core dumps, not in the memory of a forked child,
 * and not in swap, as far as the system allows; `locked` (NULL is allowed) tells the last. NULL: no memory.
 */
void *base_secret_new(size_t len, bool *locked);

/** Wipes a block of base_secret_new() and gives it back; `len` is the same. NULL is allowed. */
void base_secret_free(void *block, size_t len);

#endif
