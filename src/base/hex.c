/* SPDX-License-Identifier: MIT */
#include "base/hex.h"

#include <string.h>

void base_hex_encode(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* The digit's value; sets `bad` when it is none. Arithmetic instead of a table: private keys pass through
 * here. In bytes, so that a compiler can take sixteen at a time: so do the lists of many peers. */
static uint8_t digit(uint8_t c, uint8_t *bad)
{
    uint8_t number = (uint8_t)(c - '0'), letter = (uint8_t)((c | 0x20) - 'a');
    uint8_t is_number = (uint8_t)(0 - (number < 10)), is_letter = (uint8_t)(0 - (letter < 6));
    *bad = (uint8_t)(*bad | (0xff ^ (is_number | is_letter)));
    return (uint8_t)((number & is_number) | ((letter + 10) & is_letter));
}

bool base_hex_decode(const char *text, size_t digits, void *out, size_t len)
{
    const uint8_t *from = (const uint8_t *)text;
    uint8_t *bytes = out, bad = 0;
    if (digits % 2 || digits / 2 != len) return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t high = digit(from[2 * i], &bad), low = digit(from[2 * i + 1], &bad);
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return !bad;
}

bool base_hex_is_lower(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f')) return false;
    return true;
}

const char *base_hex_skip_prefix(const char *text)
{
    return strncmp(text, "0x", 2) == 0 ? text + 2 : text;
}
