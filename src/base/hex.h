/* SPDX-License-Identifier: MIT */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Writes 2 * len lowercase digits and a NUL. */
void base_hex_encode(const void *data, size_t len, char *out);

/**
 * Decodes exactly `len` bytes from `digits` hex digits of either case; false, with `out` undefined, when
 * `digits` is not 2 * len or a byte is not a digit. No 0x. Does not branch on the digits' values beyond
 * telling valid from invalid.
 */
bool base_hex_decode(const char *text, size_t digits, void *out, size_t len);

/** Whether all `len` bytes are in 0-9a-f. */
bool base_hex_is_lower(const char *text, size_t len);

/** Skips a leading 0x. */
const char *base_hex_skip_prefix(const char *text);

#endif
