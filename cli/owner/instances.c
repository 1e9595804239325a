/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/call.h"
#include "registry/contract_abi.h"

/* ---- NFTs of instances ---- */

static const owner_call revoke = {.function = "revokeNodeAccess",
                                  .selector = CONTRACT_SEL_REVOKE_NODE_ACCESS,
                                  .names = {"an instance id"},
                                  .kinds = {OWNER_INSTANCE},
                                  .argument_count = 1,
                                  .intent = "burn the NFTs of",
                                  .consequence =
                                      "they leave the list, and cannot register again without a new one"};

const cli_command command_revoke = {OWNER_CALL_COMMAND,
                                    .name = "revoke",
                                    .detail = &revoke,
                                    .arguments = "INSTANCE...",
                                    .least = 1,
                                    .most = CLUSTER_ORDERS_MAX,
                                    .summary = "burn instances' NFTs and take them off the list",
                                    .description =
                                        "Burns the NFT of each instance and removes its peer. The instance "
                                        "cannot register again until another NFT is minted for it. For the "
                                        "owner of the contract; nothing is left of what the holder paid.",
                                    .examples = "dstack-p2p revoke 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"
                                                "dstack-p2p revoke 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a "
                                                "2b4a7e1cf0a1d25b8c7f09bb7a52d1e4ba86c33f --yes\n"
                                                "  # two at once, without a question\n"};

static const owner_call reassign = {.function = "reassignInstance",
                                    .selector = CONTRACT_SEL_REASSIGN_INSTANCE,
                                    .names = {"the instance that has the NFT", "the instance that gets it"},
                                    .kinds = {OWNER_INSTANCE, OWNER_INSTANCE},
                                    .argument_count = 2,
                                    .intent = "move the NFT from the first instance to the second",
                                    .consequence = "the first one leaves the list"};

const cli_command command_reassign = {
    OWNER_CALL_COMMAND,
    .name = "reassign",
    .detail = &reassign,
    .arguments = "FROM TO",
    .least = 2,
    .most = 2,
    .summary = "move an NFT to another instance",
    .description = "Moves the NFT that the sender holds from one instance to another, free of charge: for a "
                   "node that was set up anew and has another instance id. The first instance leaves the "
                   "list, the second registers by itself. Neither may be banned. For the holder of the NFT, "
                   "not for the owner of the contract.",
    .examples = "dstack-p2p reassign 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a "
                "2b4a7e1cf0a1d25b8c7f09bb7a52d1e4ba86c33f --private-key-file holder.key\n"};

static const owner_call deactivate = {
    .function = "deactivateInstance",
    .selector = CONTRACT_SEL_DEACTIVATE_INSTANCE,
    .names = {"an instance id"},
    .kinds = {OWNER_INSTANCE},
    .argument_count = 1,
    .intent = "take off the list",
    .consequence = "what they signed until now is worthless; they keep their NFTs and may register again"};

const cli_command command_deactivate = {
    OWNER_CALL_COMMAND,
    .name = "deactivate",
    .detail = &deactivate,
    .arguments = "INSTANCE...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "take instances off the list; they keep their NFTs",
    .description = "Removes the peers of instances and makes all that they have signed so far worthless. "
                   "They keep their NFTs and may register again, which a running node does by itself: use "
                   "ban to keep one away. For the owner of the contract, and for the holder of the NFT.",
    .examples = "dstack-p2p deactivate 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"};

static const owner_call ban = {
    .function = "banInstance",
    .selector = CONTRACT_SEL_BAN_INSTANCE,
    .names = {"an instance id"},
    .kinds = {OWNER_INSTANCE},
    .argument_count = 1,
    .intent = "ban",
    .consequence =
        "they leave the list, and can neither register nor boot nor be given an NFT until they are unbanned"};

const cli_command command_ban = {
    OWNER_CALL_COMMAND,
    .name = "ban",
    .detail = &ban,
    .arguments = "INSTANCE...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "take instances off the list and keep them away",
    .description =
        "Removes the peers of instances, and keeps them from registering, from booting (where the KMS asks "
        "this contract) and from being given an NFT. An NFT that an instance has stays with it.",
    .examples = "dstack-p2p ban 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"
                "dstack-p2p ban 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a --dry-run\n"
                "  # what it would cost\n"};

static const owner_call unban = {.function = "unbanInstance",
                                 .selector = CONTRACT_SEL_UNBAN_INSTANCE,
                                 .names = {"an instance id"},
                                 .kinds = {OWNER_INSTANCE},
                                 .argument_count = 1,
                                 .intent = "lift the ban of",
                                 .consequence = "those that hold an NFT may register again"};

const cli_command command_unban = {OWNER_CALL_COMMAND,
                                   .name = "unban",
                                   .detail = &unban,
                                   .arguments = "INSTANCE...",
                                   .least = 1,
                                   .most = CLUSTER_ORDERS_MAX,
                                   .summary = "lift bans",
                                   .description = "Lifts the bans of instances. Those that hold an NFT may "
                                                  "register again, which running nodes do by themselves.",
                                   .examples = "dstack-p2p unban 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"};
