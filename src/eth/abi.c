/* SPDX-License-Identifier: MIT */
#include "eth/abi.h"

#include <string.h>

enum { WORD = ETH_ABI_WORD };

static const uint8_t zeros[WORD];

static void append_u64(base_buf *out, uint64_t value)
{
    uint8_t word[WORD] = {0};
    for (int i = WORD - 1; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_append(out, word, WORD);
}

static void append_address(base_buf *out, const uint8_t address20[static 20])
{
    base_buf_append(out, zeros, WORD - 20);
    base_buf_append(out, address20, 20);
}

static size_t padding(size_t len)
{
    return (WORD - len % WORD) % WORD;
}

static void append_tail(base_buf *out, const eth_abi_arg *arg)
{
    append_u64(out, arg->len);
    base_buf_append(out, arg->data, arg->len);
    base_buf_append(out, zeros, padding(arg->len));
}

void eth_abi_encode_call(base_buf *out, uint32_t selector, const eth_abi_arg *args, size_t count)
{
    uint8_t head[4] = {(uint8_t)(selector >> 24), (uint8_t)(selector >> 16), (uint8_t)(selector >> 8),
                       (uint8_t)selector};
    size_t offset = count * WORD;
    base_buf_append(out, head, sizeof head);
    for (size_t i = 0; i < count; i++) {
        if (args[i].data) {
            append_u64(out, offset);
            offset += WORD + args[i].len + padding(args[i].len);
        } else if (args[i].address20) {
            append_address(out, args[i].address20);
        } else if (args[i].word32) {
            base_buf_append(out, args[i].word32, WORD);
        } else {
            append_u64(out, args[i].value);
        }
    }
    for (size_t i = 0; i < count; i++)
        if (args[i].data) append_tail(out, &args[i]);
}

eth_abi eth_abi_open(const void *data, size_t len)
{
    return (eth_abi){.data = data, .len = len};
}

const uint8_t *eth_abi_word(eth_abi *abi)
{
    if (abi->bad || abi->len - abi->at < WORD) {
        abi->bad = true;
        return zeros;
    }
    const uint8_t *word = abi->data + abi->at;
    abi->at += WORD;
    return word;
}

uint64_t eth_abi_u64(eth_abi *abi)
{
    const uint8_t *word = eth_abi_word(abi);
    uint64_t value = 0;
    if (memcmp(word, zeros, WORD - 8) != 0 || word[WORD - 8] > 0x7f) {
        abi->bad = true;
        return 0;
    }
    for (int i = WORD - 8; i < WORD; i++)
        value = value << 8 | word[i];
    return value;
}

bool eth_abi_bool(eth_abi *abi)
{
    uint64_t value = eth_abi_u64(abi);
    if (value > 1) abi->bad = true;
    return value == 1;
}

void eth_abi_address(eth_abi *abi, uint8_t address20[static 20])
{
    const uint8_t *word = eth_abi_word(abi);
    if (memcmp(word, zeros, WORD - 20) != 0) {
        abi->bad = true;
        word = zeros;
    }
    memcpy(address20, word + WORD - 20, 20);
}

void eth_abi_bytes20(eth_abi *abi, uint8_t bytes20[static 20])
{
    const uint8_t *word = eth_abi_word(abi);
    if (memcmp(word + 20, zeros, WORD - 20) != 0) {
        abi->bad = true;
        word = zeros;
    }
    memcpy(bytes20, word, 20);
}

/* Follows the offset in the next word: a view whose `at` is what it points to. */
static eth_abi follow(eth_abi *abi)
{
    uint64_t offset = eth_abi_u64(abi);
    eth_abi part = *abi;
    if (part.bad || offset > abi->len - abi->base) {
        part.bad = abi->bad = true;
        return part;
    }
    part.at = abi->base + (size_t)offset;
    return part;
}

const uint8_t *eth_abi_bytes(eth_abi *abi, size_t max, size_t *len)
{
    eth_abi part = follow(abi);
    uint64_t count = eth_abi_u64(&part);
    *len = 0;
    if (part.bad || count > max || count > part.len - part.at) {
        abi->bad = true;
        return zeros;
    }
    *len = (size_t)count;
    return part.data + part.at;
}

eth_abi eth_abi_array(eth_abi *abi, size_t max, size_t *count)
{
    eth_abi part = follow(abi);
    uint64_t len = eth_abi_u64(&part);
    *count = 0;
    if (part.bad || len > max || len > (part.len - part.at) / WORD) {
        part.bad = abi->bad = true;
        return part;
    }
    *count = (size_t)len;
    part.base = part.at;
    return part;
}

eth_abi eth_abi_tuple(eth_abi *abi)
{
    eth_abi part = follow(abi);
    part.base = part.at;
    return part;
}

void eth_abi_join(eth_abi *abi, const eth_abi *part)
{
    if (part->bad) abi->bad = true;
}
