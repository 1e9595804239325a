/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/call.h"
#include "registry/contract_abi.h"

/* ---- Who may boot, where a dstack KMS asks this contract ---- */

static const owner_call add_compose_hash = {.function = "addComposeHash",
                                            .selector = CONTRACT_SEL_ADD_COMPOSE_HASH,
                                            .names = {"a compose hash"},
                                            .kinds = {OWNER_HASH},
                                            .argument_count = 1,
                                            .intent = "let instances boot with the compose hashes"};

const cli_command command_add_compose_hash = {
    OWNER_CALL_COMMAND,
    .name = "add-compose-hash",
    .detail = &add_compose_hash,
    .arguments = "HASH...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "let instances with these compose hashes boot",
    .description = "Lets instances boot whose app compose has one of these hashes, 64 hex digits. It "
                   "concerns a KMS that asks this contract whether an app may boot.",
    .examples =
        "dstack-p2p add-compose-hash 0x3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3\n"};

static const owner_call remove_compose_hash = {.function = "removeComposeHash",
                                               .selector = CONTRACT_SEL_REMOVE_COMPOSE_HASH,
                                               .names = {"a compose hash"},
                                               .kinds = {OWNER_HASH},
                                               .argument_count = 1,
                                               .intent =
                                                   "no longer let instances boot with the compose hashes"};

const cli_command command_remove_compose_hash = {
    OWNER_CALL_COMMAND,
    .name = "remove-compose-hash",
    .detail = &remove_compose_hash,
    .arguments = "HASH...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "no longer let them boot",
    .description = "No longer lets instances with these compose hashes boot. Those that run go on until they "
                   "ask the KMS for a key again.",
    .examples = "dstack-p2p remove-compose-hash "
                "0x3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3\n"};

static const owner_call add_device = {.function = "addDevice",
                                      .selector = CONTRACT_SEL_ADD_DEVICE,
                                      .names = {"a device id"},
                                      .kinds = {OWNER_HASH},
                                      .argument_count = 1,
                                      .intent = "let instances boot on the devices"};

const cli_command command_add_device = {
    OWNER_CALL_COMMAND,
    .name = "add-device",
    .detail = &add_device,
    .arguments = "HASH...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "let instances boot on devices",
    .description =
        "Lets instances boot on the machines with these device ids, 64 hex digits; see also set-any-device.",
    .examples = "dstack-p2p add-device 0x3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3\n"};

static const owner_call remove_device = {.function = "removeDevice",
                                         .selector = CONTRACT_SEL_REMOVE_DEVICE,
                                         .names = {"a device id"},
                                         .kinds = {OWNER_HASH},
                                         .argument_count = 1,
                                         .intent = "no longer let instances boot on the devices"};

const cli_command command_remove_device = {
    OWNER_CALL_COMMAND,
    .name = "remove-device",
    .detail = &remove_device,
    .arguments = "HASH...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "no longer let them boot there",
    .description =
        "No longer lets instances boot on the machines with these device ids, unless any device is allowed.",
    .examples =
        "dstack-p2p remove-device 0x3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3\n"};

static const owner_call set_any_device = {.function = "setAllowAnyDevice",
                                          .selector = CONTRACT_SEL_SET_ALLOW_ANY_DEVICE,
                                          .names = {"any device"},
                                          .kinds = {OWNER_SWITCH},
                                          .argument_count = 1,
                                          .intent = "switch booting on any device"};

const cli_command command_set_any_device = {
    OWNER_CALL_COMMAND,
    .name = "set-any-device",
    .detail = &set_any_device,
    .arguments = "on|off",
    .least = 1,
    .most = 1,
    .summary = "whether instances may boot on any device",
    .description = "On: instances may boot on any machine. Off: only on those of add-device.",
    .examples = "dstack-p2p set-any-device on\n"};

static const owner_call set_require_tcb = {.function = "setRequireTcbUpToDate",
                                           .selector = CONTRACT_SEL_SET_REQUIRE_TCB_UP_TO_DATE,
                                           .names = {"the requirement"},
                                           .kinds = {OWNER_SWITCH},
                                           .argument_count = 1,
                                           .intent = "switch the requirement of an up-to-date TCB"};

const cli_command command_set_require_tcb = {
    OWNER_CALL_COMMAND,
    .name = "set-require-tcb",
    .detail = &set_require_tcb,
    .arguments = "on|off",
    .least = 1,
    .most = 1,
    .summary = "whether only platforms that are up to date may boot",
    .description = "On: instances may boot only on a platform whose TCB status is UpToDate.",
    .examples = "dstack-p2p set-require-tcb on\n"};

static const owner_call set_require_nft = {.function = "setRequireNftAtBoot",
                                           .selector = CONTRACT_SEL_SET_REQUIRE_NFT_AT_BOOT,
                                           .names = {"the requirement"},
                                           .kinds = {OWNER_SWITCH},
                                           .argument_count = 1,
                                           .intent = "switch the requirement of an NFT at boot",
                                           .consequence = "an instance without an NFT no longer boots",
                                           .only_for = "on"};

const cli_command command_set_require_nft = {
    OWNER_CALL_COMMAND,
    .name = "set-require-nft",
    .detail = &set_require_nft,
    .arguments = "on|off",
    .least = 1,
    .most = 1,
    .summary = "whether an instance needs its NFT to boot",
    .description = "On: an instance needs its NFT already to boot, which takes an instance id that is known "
                   "before the first boot. Registering takes an NFT in any case.",
    .examples = "dstack-p2p set-require-nft on\n"};
