/* SPDX-License-Identifier: MIT */
#include "eth/keccak.h"

#include <nettle/sha3.h>
#include <string.h>

enum { RATE = 136 }; /* (1600 - 2 * 256) / 8 bytes */

static uint64_t load64(const uint8_t *p)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | p[i];
    return word;
}

static void absorb(struct sha3_state *state, const uint8_t *block)
{
    for (int i = 0; i < RATE / 8; i++)
        state->a[i] ^= load64(block + 8 * i);
    sha3_permute(state);
}

void eth_keccak256(const void *data, size_t len, uint8_t hash32[static 32])
{
    struct sha3_state state = {{0}};
    const uint8_t *p = data;
    uint8_t last[RATE] = {0};
    for (; len >= RATE; p += RATE, len -= RATE)
        absorb(&state, p);
    if (len) memcpy(last, p, len);
    last[len] = 0x01;
    last[RATE - 1] |= 0x80;
    absorb(&state, last);
    for (int i = 0; i < 32; i++)
        hash32[i] = (uint8_t)(state.a[i / 8] >> (8 * (i % 8)));
}
