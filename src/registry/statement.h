/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_STATEMENT_H
#define REGISTRY_STATEMENT_H

#include <stdint.h>

/*
 * The registration statement and the two messages of the signature chain, byte for byte as the contract
 * rebuilds them.
 */

enum {
    REGISTRY_PATH_TEXT = 11 + 40 + 1,    /**< "dstack-p2p/" and the instance id */
    REGISTRY_PURPOSE_TEXT = 14 + 64 + 1, /**< "dstack-p2p-v1:" and the statement */
    REGISTRY_URL_MAX = 256
};

/** What a node states: on this chain, in this contract, this instance is reachable there, as of this block.
 */
typedef struct registry_statement {
    uint64_t chain_id;
    uint8_t contract20[20];
    uint8_t instance20[20];
    const char *url; /**< "" withdraws; at most REGISTRY_URL_MAX bytes; borrowed */
    uint64_t anchor_number;
    uint8_t anchor_hash32[32];
} registry_statement;

/** keccak256 of the statement's 192 ABI-encoded bytes. */
void registry_statement_hash(const registry_statement *statement, uint8_t hash32[static 32]);

/** The purpose that the guest agent signs over. */
void registry_purpose(const registry_statement *statement, char purpose[static REGISTRY_PURPOSE_TEXT]);

/** The path of an instance's derived key. */
void registry_key_path(const uint8_t instance20[static 20], char path[static REGISTRY_PATH_TEXT]);

/** Hash of purpose ":" hex(derived public key), which the app key signs. */
void registry_app_message_hash(const char *purpose, const uint8_t derived_key33[static 33],
                               uint8_t hash32[static 32]);

/** Hash of "dstack-kms-issued:" app id, app public key, which the KMS root key signs. */
void registry_kms_message_hash(const uint8_t app_id20[static 20], const uint8_t app_key33[static 33],
                               uint8_t hash32[static 32]);

#endif
