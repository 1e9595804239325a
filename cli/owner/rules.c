/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/call.h"
#include "cli/owner/root.h"
#include "registry/contract_abi.h"

/* ---- Who may register, and with which URLs ---- */

static const owner_call allow_app = {.function = "allowApp",
                                     .selector = CONTRACT_SEL_ALLOW_APP,
                                     .names = {"an app id"},
                                     .kinds = {OWNER_APP},
                                     .argument_count = 1,
                                     .intent = "let instances register of the apps"};

const cli_command command_allow_app = {
    OWNER_CALL_COMMAND,
    .name = "allow-app",
    .detail = &allow_app,
    .arguments = "APP...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "let the instances of apps register",
    .description = "Lets instances of these apps register, besides those of the contract's own app, which is "
                   "always allowed. An app id is 40 hex digits; dstack writes it without 0x.",
    .examples = "dstack-p2p allow-app 5bb4ff9a3837357f19dc176407a5709c62eb6c56\n"};

static const owner_call disallow_app = {.function = "disallowApp",
                                        .selector = CONTRACT_SEL_DISALLOW_APP,
                                        .names = {"an app id"},
                                        .kinds = {OWNER_APP},
                                        .argument_count = 1,
                                        .intent = "no longer let instances register of the apps",
                                        .consequence = owner_tightens};

const cli_command command_disallow_app = {
    OWNER_CALL_COMMAND,
    .name = "disallow-app",
    .detail = &disallow_app,
    .arguments = "APP...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "no longer let the instances of apps register",
    .description = "No longer lets instances of these apps register. This tightens the rules, unless the app "
                   "was not allowed anyway: every registered node, whatever its app, leaves the list until "
                   "it has registered again, which running nodes do by themselves.",
    .examples = "dstack-p2p disallow-app 5bb4ff9a3837357f19dc176407a5709c62eb6c56\n"};

static const owner_call add_domain = {.function = "addBaseDomain",
                                      .selector = CONTRACT_SEL_ADD_BASE_DOMAIN,
                                      .names = {"a base domain"},
                                      .kinds = {OWNER_DOMAIN},
                                      .argument_count = 1,
                                      .intent = "allow URLs under"};

const cli_command command_add_domain = {
    OWNER_CALL_COMMAND,
    .name = "add-domain",
    .detail = &add_domain,
    .arguments = "DOMAIN...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "allow URLs under base domains",
    .description = "Allows the URLs https://<label>.<base domain>, which is what counts while dev mode is "
                   "off. It is the domain of your dstack gateway.",
    .examples = "dstack-p2p add-domain dstack-pha-prod7.phala.network\n"};

static const owner_call remove_domain = {.function = "removeBaseDomain",
                                         .selector = CONTRACT_SEL_REMOVE_BASE_DOMAIN,
                                         .names = {"a base domain"},
                                         .kinds = {OWNER_DOMAIN},
                                         .argument_count = 1,
                                         .intent = "no longer allow URLs under",
                                         .consequence = owner_tightens};

const cli_command command_remove_domain = {
    OWNER_CALL_COMMAND,
    .name = "remove-domain",
    .detail = &remove_domain,
    .arguments = "DOMAIN...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "no longer allow URLs under base domains",
    .description = "No longer allows URLs under these base domains. This tightens the rules, unless the "
                   "domain was not allowed anyway: every registered node leaves the list until it has "
                   "registered again, which running nodes do by themselves.",
    .examples = "dstack-p2p remove-domain dstack-pha-prod7.phala.network\n"};

static const owner_call set_dev_mode = {.function = "setDevMode",
                                        .selector = CONTRACT_SEL_SET_DEV_MODE,
                                        .names = {"dev mode"},
                                        .kinds = {OWNER_SWITCH},
                                        .argument_count = 1,
                                        .intent = "switch dev mode",
                                        .consequence = owner_tightens,
                                        .only_for = "off"};

const cli_command command_set_dev_mode = {
    OWNER_CALL_COMMAND,
    .name = "set-dev-mode",
    .detail = &set_dev_mode,
    .arguments = "on|off",
    .least = 1,
    .most = 1,
    .summary = "whether any URL passes",
    .description = "On: any URL passes, as long as it is 1 to 256 visible ASCII characters. Off: only https "
                   "URLs under an allowed base domain do, as production needs it. Switching it off tightens "
                   "the rules: every registered node leaves the list until it has registered again.",
    .examples = "dstack-p2p set-dev-mode off\n"
                "  # add base domains before\n"};

static const owner_call set_bound_urls = {.function = "setInstanceBoundUrls",
                                          .selector = CONTRACT_SEL_SET_INSTANCE_BOUND_URLS,
                                          .names = {"whether URLs are bound"},
                                          .kinds = {OWNER_SWITCH},
                                          .argument_count = 1,
                                          .intent = "switch the binding of URLs to their instance",
                                          .consequence = owner_tightens,
                                          .only_for = "on"};

const cli_command command_set_bound_urls = {
    OWNER_CALL_COMMAND,
    .name = "set-bound-urls",
    .detail = &set_bound_urls,
    .arguments = "on|off",
    .least = 1,
    .most = 1,
    .summary = "whether a URL must name its instance",
    .description =
        "On: outside dev mode the first label of a node's URL must be its instance id, as the URLs of dstack "
        "gateways have it, so that nobody can publish another one's URL. Switching it on tightens the rules: "
        "every registered node leaves the list until it has registered again.",
    .examples = "dstack-p2p set-bound-urls on\n"};

static const owner_call set_kms_root = {.function = "setKmsRootAddress",
                                        .selector = CONTRACT_SEL_SET_KMS_ROOT_ADDRESS,
                                        .names = {"the KMS root"},
                                        .kinds = {OWNER_ADDRESS},
                                        .argument_count = 1,
                                        .intent = "trust only the keys that are certified by the KMS root",
                                        .consequence = owner_tightens,
                                        .check = owner_refuse_public_root};

const cli_command command_set_kms_root = {
    OWNER_CALL_COMMAND,
    .name = "set-kms-root",
    .detail = &set_kms_root,
    .arguments = "ADDRESS",
    .least = 1,
    .most = 1,
    .summary = "set the root of trust",
    .description = "Sets the address of the KMS root key: from then on only nodes register whose app key "
                   "this KMS has certified. Changing it tightens the rules: every registered node leaves the "
                   "list until it has registered again, and one of another KMS stays away.\n\nElsewhere than "
                   "on chain 31337 the public development root is refused: anyone can sign with it.",
    .examples = "dstack-p2p kms-root\n"
                "  # on a node: the root of its own keys\n"
                "dstack-p2p set-kms-root 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n"};

static const owner_call set_lease = {.function = "setLeaseDuration",
                                     .selector = CONTRACT_SEL_SET_LEASE_DURATION,
                                     .names = {"the lease"},
                                     .kinds = {OWNER_SECONDS},
                                     .argument_count = 1,
                                     .intent = "set the lease to",
                                     .consequence = "it holds for each node from its next registration on"};

const cli_command command_set_lease = {
    OWNER_CALL_COMMAND,
    .name = "set-lease",
    .detail = &set_lease,
    .arguments = "TIME",
    .least = 1,
    .most = 1,
    .summary = "for how long a registration is listed",
    .description = "Sets for how long a registration is listed, such as 24h; 0 is for ever. A node that runs "
                   "renews its registration at half of it, so a shorter lease costs more gas. It holds for "
                   "each node from its next registration on.",
    .examples = "dstack-p2p set-lease 24h\n"
                "dstack-p2p set-lease 0\n"
                "  # no lease\n"};

static const owner_call set_paused = {.function = "setRegistrationPaused",
                                      .selector = CONTRACT_SEL_SET_REGISTRATION_PAUSED,
                                      .names = {"the pause"},
                                      .kinds = {OWNER_SWITCH},
                                      .argument_count = 1,
                                      .intent = "switch the pause of registrations",
                                      .consequence =
                                          "nobody can register or renew until it is over, and leases run out",
                                      .only_for = "on"};

const cli_command command_set_paused = {OWNER_CALL_COMMAND,
                                        .name = "set-paused",
                                        .detail = &set_paused,
                                        .arguments = "on|off",
                                        .least = 1,
                                        .most = 1,
                                        .summary = "pause registering",
                                        .description =
                                            "On: nobody can register or renew a registration. Reading and "
                                            "withdrawing go on, and so do leases, which run out.",
                                        .examples = "dstack-p2p set-paused on\n"};
