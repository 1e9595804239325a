/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_RLP_DECODE_H
#define FUZZ_RLP_DECODE_H

#include "eth/wei.h"
#include "fuzz.h"

/*
 * A strict RLP decoder, written from the Yellow Paper's appendix B and not from our encoder: there is one
 * encoding of everything, and all others end the run.
 */

typedef struct fuzz_rlp {
    const uint8_t *data;
    size_t len;
} fuzz_rlp;

/** Takes the next item off the encoding: a byte string's content. It must be one. */
fuzz_rlp fuzz_rlp_string(fuzz_rlp *encoded);

/** Likewise the content of a list. */
fuzz_rlp fuzz_rlp_list(fuzz_rlp *encoded);

/** The next item as an integer of at most 128 bits: without leading zeros. */
eth_wei fuzz_rlp_uint(fuzz_rlp *encoded);

#endif
