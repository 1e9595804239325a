/* SPDX-License-Identifier: MIT */
#include "eth/rlp.h"

static void header(base_buf *out, size_t len, uint8_t offset)
{
    uint8_t bytes[9];
    if (len <= 55) {
        bytes[0] = (uint8_t)(offset + len);
        base_buf_append(out, bytes, 1);
        return;
    }
    int n = 0;
    for (size_t rest = len; rest; rest >>= 8)
        n++;
    bytes[0] = (uint8_t)(offset + 55 + n);
    for (int i = n; i > 0; i--, len >>= 8)
        bytes[i] = (uint8_t)len;
    base_buf_append(out, bytes, (size_t)n + 1);
}

void eth_rlp_bytes(base_buf *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    if (len != 1 || bytes[0] >= 0x80) header(out, len, 0x80);
    base_buf_append(out, data, len);
}

static void big_endian(base_buf *out, const uint8_t *bytes, size_t len)
{
    while (len && !*bytes) {
        bytes++;
        len--;
    }
    eth_rlp_bytes(out, bytes, len);
}

void eth_rlp_uint(base_buf *out, eth_wei value)
{
    uint8_t bytes[16];
    for (int i = 15; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
    big_endian(out, bytes, sizeof bytes);
}

void eth_rlp_uint256(base_buf *out, const uint8_t value32[static 32])
{
    big_endian(out, value32, 32);
}

void eth_rlp_list(base_buf *out, const base_buf *items)
{
    header(out, items->len, 0xc0);
    base_buf_append(out, items->data, items->len);
}
