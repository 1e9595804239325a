/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_MEMBERSHIP_H
#define REGISTRY_MEMBERSHIP_H

#include "eth/abi.h"
#include "eth/batch.h"
#include "registry/statement.h"

/*
 * The contract's calls: what is asked, and what the answers must look like. What does not decode is
 * RPC_ANSWER, OTHER_CONTRACT or NO_CONTRACT, as far as can be told.
 */

/** A peer as the contract lists it. `url` is borrowed from the answer, and not NUL-terminated. */
typedef struct registry_peer {
    uint8_t instance20[20];
    uint8_t address20[20];
    uint64_t registered_at, expires_at;
    const char *url;
    size_t url_len; /**< 0 = not listed (getPeer only) */
} registry_peer;

/** A page of getPeers, decoded one by one. Borrows from the answer. */
typedef struct registry_page {
    base_buf own; /**< a short answer's bytes */
    eth_abi items;
    size_t count;     /**< peers in this page */
    size_t url_bytes; /**< most that their URLs take altogether */
    uint64_t total, version;
} registry_page;

/** Adds getPeers(offset, limit); its index in the batch. */
size_t registry_ask_page(eth_batch *batch, const uint8_t contract20[static 20], uint64_t offset,
                         uint64_t limit, const char *block);

/** Opens the answer; to be closed also after a failure. */
int registry_open_page(const eth_request *answer, registry_page *page, base_error *error);

/** Reads the next peer: each is checked to have an id, an address and a printable URL. */
int registry_next_peer(registry_page *page, registry_peer *peer, base_error *error);

void registry_close_page(registry_page *page);

/** Adds getPeer(instance); its index in the batch. */
size_t registry_ask_peer(eth_batch *batch, const uint8_t contract20[static 20],
                         const uint8_t instance20[static 20], const char *block);

/** Reads the answer, the URL into `url`; a peer that is not listed has url_len 0. */
int registry_read_peer(const eth_request *answer, registry_peer *peer, char url[static REGISTRY_URL_MAX + 1],
                       base_error *error);

/** Adds a call of a view, its arguments at most 4 KiB; its index in the batch. */
size_t registry_ask_view(eth_batch *batch, const uint8_t contract20[static 20], uint32_t selector,
                         const eth_abi_arg *args, size_t count, const char *block);

/** Read the answer of a view that returns one word; what is no such word, or out of range, is refused. */
int registry_read_word(const eth_request *answer, uint8_t word32[static 32], base_error *error);
int registry_read_u64(const eth_request *answer, uint64_t *value, base_error *error);
int registry_read_bool(const eth_request *answer, bool *value, base_error *error);
int registry_read_address(const eth_request *answer, uint8_t address20[static 20], base_error *error);

/** Whether the word is not zero. */
int registry_read_nonzero(const eth_request *answer, bool *value, base_error *error);

/** Adds version(); its index in the batch. */
size_t registry_ask_version(eth_batch *batch, const uint8_t contract20[static 20], const char *block);

int registry_read_version(const eth_request *answer, uint64_t *version, base_error *error);

/** All that the contract holds about an instance that wants to register. */
typedef struct registry_state {
    uint8_t kms_root20[20];
    bool app_allowed, has_ticket, banned, paused, dev_mode, bound_urls, base_allowed;
    uint64_t last_anchor, lease_duration;
    registry_peer peer;
    char url[REGISTRY_URL_MAX + 1]; /**< the listed one; "" when not listed */
} registry_state;

/** Where a batch holds the questions of registry_ask_state(). */
typedef struct registry_state_query {
    size_t first;
    bool asked_base;
} registry_state_query;

/** Adds the questions. `url` decides which base domain is asked for. */
registry_state_query registry_ask_state(eth_batch *batch, const uint8_t contract20[static 20],
                                        const uint8_t instance20[static 20],
                                        const uint8_t app_id20[static 20], const char *url);

int registry_read_state(const eth_batch *batch, registry_state_query query, registry_state *state,
                        base_error *error);

/** Appends registerPeer's call data. */
void registry_encode_register(base_buf *out, const registry_statement *statement,
                              const uint8_t derived_key33[static 33],
                              const uint8_t app_signature73[static 73],
                              const uint8_t kms_signature118[static 118]);

#endif
