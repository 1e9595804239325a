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

/* The digit's value, or -1. Arithmetic instead of a table: private keys pass through here. */
static int digit(unsigned char c)
{
    int value = -1;
    value += (int)(((0x2f - c) & (c - 0x3a)) >> 8 & (c - 0x30 + 1) & 0xff);
    c |= 0x20;
    value += (int)(((0x60 - c) & (c - 0x67)) >> 8 & (c - 0x61 + 11) & 0xff);
    return value;
}

bool base_hex_decode(const char *text, size_t digits, void *out, size_t len)
{
    uint8_t *bytes = out;
    int bad = 0;
    if (digits % 2 || digits / 2 != len) return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit((unsigned char)text[2 * i]), low = digit((unsigned char)text[2 * i + 1]);
        bad |= high | low;
        bytes[i] = (uint8_t)((unsigned)high << 4 | ((unsigned)low & 15));
    }
    return bad >= 0;
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
