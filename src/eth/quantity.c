/* SPDX-License-Identifier: MIT */
#include "eth/quantity.h"

#include "base/hex.h"

#include <string.h>

/* The digits behind "0x" and their number, or NULL. */
static const char *digits_of(const json_t *value, size_t *count)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (!text || len < 2 || memcmp(text, "0x", 2) != 0) return NULL;
    *count = len - 2;
    return text + 2;
}

bool eth_quantity_wei(const json_t *value, eth_wei *out)
{
    size_t count;
    const char *digits = digits_of(value, &count);
    if (!digits || count < 1 || count > 64) return false;
    eth_wei sum = 0;
    for (size_t i = 0; i < count; i++) {
        char pair[2] = {'0', digits[i]};
        uint8_t digit;
        if (!base_hex_decode(pair, 2, &digit, 1)) return false;
        sum = sum > ETH_WEI_MAX >> 4 ? ETH_WEI_MAX : sum << 4 | digit;
    }
    *out = sum;
    return true;
}

bool eth_quantity_u64(const json_t *value, uint64_t *out)
{
    eth_wei wide;
    if (!eth_quantity_wei(value, &wide) || wide > INT64_MAX) return false;
    *out = (uint64_t)wide;
    return true;
}

bool eth_data_fixed(const json_t *value, void *out, size_t len)
{
    size_t count;
    const char *digits = digits_of(value, &count);
    return digits && base_hex_decode(digits, count, out, len);
}

bool eth_data_digits(const char *digits, size_t count, base_buf *out)
{
    size_t len = out->len;
    if (count % 2) return false;
    void *data = base_buf_extend(out, count / 2);
    if (!data) return false;
    if (base_hex_decode(digits, count, data, count / 2)) return true;
    out->len = len;
    out->data[len] = '\0';
    return false;
}

bool eth_data_bytes(const json_t *value, base_buf *out)
{
    size_t count;
    const char *digits = digits_of(value, &count);
    return digits && eth_data_digits(digits, count, out);
}
