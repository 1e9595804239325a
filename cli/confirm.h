/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "cli/run.h"

/** Chain of anvil and hardhat: its ether is worth nothing, and nobody is asked. */
enum { CLI_LOCAL_CHAIN = 31337 };

/**
 * The question before money is spent, at the terminal, unless the chain is the local one or --yes was given.
 * `intent` begins it, "mint 3 NFTs"; `sentence` says what it comes to. CLI_OK to go on, or CLI_DECLINED
 * having said why: it was not confirmed, or there is no terminal to ask at. Where nothing is asked, the
 * intent is said on standard error, and elsewhere than on the local chain the sentence too.
 */
int cli_confirm(const cli_run *run, uint64_t chain_id, const char *intent, const char *sentence);

#endif
