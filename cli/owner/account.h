/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_ACCOUNT_H
#define CLI_OWNER_ACCOUNT_H

#include "cli/owner/settings.h"
#include "cli/spend.h"

/**
 * A handle for a command that spends, as cli_open(). Where no private key is configured and the chain turns
 * out to be 31337, anvil's first account signs, as everywhere in this project: its key is public, and owns
 * nothing elsewhere.
 */
dstack_p2p *owner_open(const cli_run *run, int *status);

/** The same for a command that calls the contract: fails also when there is no contract address. */
dstack_p2p *owner_open_contract(const cli_run *run, int *status);

/** Has a batch answered by the nodes. 0, or the code having said why not. `batch` stays the caller's. */
int owner_ask(const cli_run *run, dstack_p2p *sdk, eth_batch *batch);

/** The chain that the nodes are on. 0, or the code having said why it is not known. */
int owner_chain(const cli_run *run, dstack_p2p *sdk, uint64_t *chain_id);

/** Adds the question about item `i`; its index in the batch. */
typedef size_t (*owner_ask_fn)(void *context, size_t i, eth_batch *batch);

/** Reads its answer. */
typedef int (*owner_take_fn)(void *context, size_t i, const eth_request *answer, base_error *error);

/** One question for each of `count` items, as many at once as fit. 0, or the code having said what is wrong.
 */
int owner_ask_each(const cli_run *run, dstack_p2p *sdk, size_t count, owner_ask_fn ask, owner_take_fn take,
                   void *context);

/** The contract's settings, in one round trip. 0, or the code having said what is wrong. */
int owner_look(const cli_run *run, dstack_p2p *sdk, owner_settings *settings);

/** Says what is wrong, with the contract's address in front where it is that one's fault. */
int owner_fail(const cli_run *run, const dstack_p2p *sdk, base_error *error);

#endif
