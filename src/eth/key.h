/* SPDX-License-Identifier: MIT */
#ifndef ETH_KEY_H
#define ETH_KEY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * secp256k1 keys, signatures and addresses. Signatures are 65 bytes r, s, recovery id (0 or 1). All
 * functions may be called from any thread.
 */

/** Whether it is a valid private key: not zero and below the group order. */
bool eth_key_valid(const uint8_t private_key32[static 32]);

/** The compressed public key of a valid private key; false for an invalid one. */
bool eth_key_public(const uint8_t private_key32[static 32], uint8_t public_key33[static 33]);

/** RFC 6979 signature with low s; false for an invalid key. */
bool eth_key_sign(const uint8_t private_key32[static 32], const uint8_t hash32[static 32],
                  uint8_t signature65[static 65]);

/**
 * The compressed public key that signed. v may be 0, 1, 27 or 28; a high s is refused, as the contract
 * refuses it. False when there is no such key.
 */
bool eth_key_recover(const uint8_t hash32[static 32], const uint8_t signature65[static 65],
                     uint8_t public_key33[static 33]);

/** The Ethereum address of a compressed public key; false when it is not on the curve. */
bool eth_key_address(const uint8_t public_key33[static 33], uint8_t address20[static 20]);

/** Writes "0x", 40 hex digits with EIP-55 checksum and a NUL. */
void eth_address_format(const uint8_t address20[static 20], char text43[static 43]);

/** Reads "0x" and 40 hex digits; a mixed-case one must carry the right checksum. */
bool eth_address_parse(const char *text, uint8_t address20[static 20]);

#endif
