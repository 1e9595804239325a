/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_CONTRACT_H
#define SUPPORT_FAKE_CONTRACT_H

#include "base/buf.h"
#include "support/fake_node.h"

#include <jansson.h>

/*
 * The contract behind fake_node: what its views answer, and what registerPeer does.
 */

/** The selector of call data in hex with 0x; 0 when there is none. */
uint32_t fake_contract_selector(const char *hex);

/** What a page of getPeers is asked for. */
typedef struct fake_page {
    uint64_t offset, limit;
    bool pinned; /**< at a block's number */
} fake_page;

/** Whether call data, in hex with 0x, and a block ask for a page, and for which. */
bool fake_contract_page(const char *hex, const char *block, fake_page *page);

/** What a view returns, as a JSON string; NULL for a function it does not know. */
json_t *fake_contract_view(const fake_node_state *state, const char *hex, const char *block);

/** The anchor of the statement in a raw transaction with a registerPeer call. */
uint64_t fake_contract_anchor(const uint8_t *raw, size_t len);

/** Does what the registerPeer call in a raw transaction asks for. */
void fake_contract_register(fake_node_state *state, const uint8_t *raw, size_t len);

#endif
