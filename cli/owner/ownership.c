/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/call.h"
#include "registry/contract_abi.h"

/* ---- The owner ---- */

static const owner_call transfer_ownership = {.function = "transferOwnership",
                                              .selector = CONTRACT_SEL_TRANSFER_OWNERSHIP,
                                              .names = {"the new owner"},
                                              .kinds = {OWNER_ADDRESS_OR_ZERO},
                                              .argument_count = 1,
                                              .intent = "offer the ownership of the contract to",
                                              .consequence =
                                                  "once accepted, that account alone governs the cluster"};

const cli_command command_transfer_ownership = {
    OWNER_CALL_COMMAND,
    .name = "transfer-ownership",
    .detail = &transfer_ownership,
    .arguments = "ADDRESS",
    .least = 1,
    .most = 1,
    .summary = "offer the contract to another owner",
    .description = "Offers the ownership of the contract to another account. You stay the owner until that "
                   "account accepts it with accept-ownership. Another offer replaces this one; offering it "
                   "to 0x0000000000000000000000000000000000000000 takes it back.",
    .examples = "dstack-p2p transfer-ownership 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n"};

static const owner_call accept_ownership = {.function = "acceptOwnership",
                                            .selector = CONTRACT_SEL_ACCEPT_OWNERSHIP,
                                            .intent = "accept the ownership of the contract"};

const cli_command command_accept_ownership = {
    OWNER_CALL_COMMAND,
    .name = "accept-ownership",
    .detail = &accept_ownership,
    .arguments = "",
    .summary = "become the owner, as offered",
    .description = "Accepts the ownership that transfer-ownership has offered to the sending account.",
    .examples = "dstack-p2p accept-ownership --private-key-file new-owner.key\n"};
