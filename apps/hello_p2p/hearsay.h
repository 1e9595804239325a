/* SPDX-License-Identifier: MIT */
#ifndef HELLO_HEARSAY_H
#define HELLO_HEARSAY_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a peer says about whom it greeted: read from its /peers, and shown as its words only.
 *
 * Nobody's mesh is drawn beyond HEARSAY_PEERS members, and no more is kept of what one peer says.
 */
enum { HEARSAY_PEERS = 150, HEARSAY_BODY_MAX = 128 * 1024 };

typedef struct hello_told {
    char id[41]; /**< whom it greeted: an instance id, not necessarily a member's */
    int64_t at;  /**< when that one answered, seconds since 1970; 0: it does not answer */
} hello_told;

/** Reads the answer of a peer's /peers. Returns NULL, or why not, static; `told` becomes an array that is
 * owned by the caller, NULL when it holds nothing. */
const char *hearsay_parse(const char *body, size_t len, hello_told **told, size_t *count);

#endif
