/* SPDX-License-Identifier: MIT */
#ifndef ETH_ABI_H
#define ETH_ABI_H

#include "base/buf.h"

/*
 * Contract ABI. Encoding covers what our calls need. Decoding reads untrusted bytes: every offset and
 * length is checked against the data before it is used; a value outside its type's range is an error.
 */

enum { ETH_ABI_WORD = 32 };

/**
 * An argument: `len` bytes of string or bytes if `data` is given, an address or a whole word (bytes32, a
 * large integer) if one is, else the integer.
 */
typedef struct eth_abi_arg {
    const void *data;
    size_t len;
    const uint8_t *address20;
    uint64_t value;
    const uint8_t *word32;
} eth_abi_arg;

/** Appends selector and arguments. */
void eth_abi_encode_call(base_buf *out, uint32_t selector, const eth_abi_arg *args, size_t count);

/**
 * A view of ABI data. `at` is the word read next; offsets count from `base`. The first thing that does
 * not fit sets `bad` for good, and everything read from then on is zero or empty.
 */
typedef struct eth_abi {
    const uint8_t *data;
    size_t len, base, at;
    bool bad;
} eth_abi;

eth_abi eth_abi_open(const void *data, size_t len);

/** The next word, or a word of zeros. Borrowed from the data. */
const uint8_t *eth_abi_word(eth_abi *abi);

/** Up to 2^63 - 1, as eth_quantity_u64(). */
uint64_t eth_abi_u64(eth_abi *abi);
bool eth_abi_bool(eth_abi *abi);
void eth_abi_address(eth_abi *abi, uint8_t address20[static 20]);
void eth_abi_bytes20(eth_abi *abi, uint8_t bytes20[static 20]);

/** A dynamic string or bytes of at most `max` bytes, borrowed from the data; not NUL-terminated. */
const uint8_t *eth_abi_bytes(eth_abi *abi, size_t max, size_t *len);

/**
 * A dynamic array: its length in `count` (at most `max`, and every element has at least a word in the
 * data) and a view that reads its elements, or their offsets, one after the other.
 */
eth_abi eth_abi_array(eth_abi *abi, size_t max, size_t *count);

/** A dynamic tuple: a view that reads its members. Failures must be carried back with eth_abi_join(). */
eth_abi eth_abi_tuple(eth_abi *abi);

/** Marks `abi` bad when `part`, a view opened from it, is. */
void eth_abi_join(eth_abi *abi, const eth_abi *part);

#endif
