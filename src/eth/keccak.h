/* SPDX-License-Identifier: MIT */
#ifndef ETH_KECCAK_H
#define ETH_KECCAK_H

#include <stddef.h>
#include <stdint.h>

/** Keccak-256 with Ethereum's padding (0x01, not SHA-3's 0x06). */
void eth_keccak256(const void *data, size_t len, uint8_t hash32[static 32]);

#endif
