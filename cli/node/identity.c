/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/node/times.h"
#include "cli/run.h"
#include "cluster/look.h"
#include "eth/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- identity: who this node is ---- */

enum { LABEL = 18 };

/* Hex digits only, but for what the contract says, which may be anybody's. */
static json_t *own_json(const cluster_identity *id)
{
    return json_pack("{ss ss ss ss ss}", "instance_id", id->instance_text, "instance_address",
                     id->address_text, "app_id", id->app_id_text, "payer_address", id->payer_text, "kms_root",
                     id->kms_root_text);
}

static json_t *registration_json(const registry_state *state)
{
    if (!*state->url) return json_null();
    return json_pack("{ss sI sI}", "url", state->url, "registered_at", (json_int_t)state->peer.registered_at,
                     "expires_at", (json_int_t)state->peer.expires_at);
}

static json_t *chain_json(const dstack_p2p *sdk, const registry_state *state)
{
    char root[43];
    eth_address_format(state->kms_root20, root);
    return json_pack("{ss sI ss sb sb sb sb sb so}", "address", sdk->config.contract_text, "chain_id",
                     (json_int_t)dstack_p2p_chain_id(sdk), "kms_root", root, "kms_root_matches",
                     !memcmp(state->kms_root20, sdk->identity.kms_root20, 20), "app_allowed",
                     state->app_allowed, "has_nft", state->has_ticket, "banned", state->banned, "paused",
                     state->paused, "registration", registration_json(state));
}

static void line(const char *label, const char *value)
{
    printf("%-*s%s\n", LABEL, label, value);
}

static void print_own(const cluster_identity *id)
{
    line("instance id", id->instance_text);
    line("instance address", id->address_text);
    line("app id", id->app_id_text);
    line("payer address", id->payer_text);
    line("KMS root", id->kms_root_text);
}

static void print_registration(const cluster_view *seen)
{
    char left[NODE_TIME_TEXT];
    const registry_peer *peer = &seen->state.peer;
    node_duration(peer->expires_at, seen->block.time, left);
    if (!*seen->state.url)
        line("registration", "none");
    else if (peer->expires_at)
        printf("%-*s%s, the lease ends in %s\n", LABEL, "registration", seen->state.url, left);
    else
        line("registration", seen->state.url);
}

static void print_chain(const dstack_p2p *sdk, const cluster_view *seen)
{
    char root[43];
    const registry_state *state = &seen->state;
    bool same = !memcmp(state->kms_root20, sdk->identity.kms_root20, 20);
    eth_address_format(state->kms_root20, root);
    printf("\n%-*s%s on chain %" PRIu64 "\n", LABEL, "contract", sdk->config.contract_text,
           dstack_p2p_chain_id(sdk));
    printf("%-*s%s%s\n", LABEL, "its KMS root", root, same ? ", the same" : ", ANOTHER ONE");
    line("app", state->app_allowed ? "allowed" : "not allowed");
    line("NFT", state->has_ticket ? "held" : "none");
    if (state->banned) line("banned", "yes");
    if (state->paused) line("paused", "registration is");
    print_registration(seen);
}

static int look(dstack_p2p *sdk, cluster_view *seen, base_error *error)
{
    cluster_session session;
    memset(seen, 0, sizeof *seen);
    if (cluster_own_session(sdk, &session, error) || cluster_identify(&session, error)) return error->code;
    return sdk->config.has_contract ? cluster_look(&session, "", seen, error) : 0;
}

static int print(const cli_run *run, const dstack_p2p *sdk, const cluster_view *seen)
{
    if (run->json) {
        json_t *view = own_json(&sdk->identity);
        if (sdk->config.has_contract) json_object_set_new(view, "contract", chain_json(sdk, &seen->state));
        return cli_print_json(run, view);
    }
    print_own(&sdk->identity);
    if (sdk->config.has_contract) print_chain(sdk, seen);
    return cli_flush(run);
}

static int run_identity(cli_run *run)
{
    int status;
    cluster_view seen;
    base_error error = {0};
    dstack_p2p *sdk = cli_open(run, NULL, &status);
    if (!sdk) return status;
    if (look(sdk, &seen, &error))
        status = cli_fail(run, error.code, "%s", error.text);
    else
        status = print(run, sdk, &seen);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {
    {"private-key-file", 'k', "FILE", "PRIVATE_KEY_FILE",
     "the private key of the account that pays, for its address; without one PRIVATE_KEY"},
    {0}};

const cli_command command_identity = {
    .name = "identity",
    .group = CLI_NODE,
    .arguments = "",
    .summary = "show who this node is, and what the contract says of it",
    .description =
        "Asks the guest agent who this node is: instance id, the address of its derived key, app id, the "
        "address "
        "that pays for gas, and the KMS root as recovered from the signatures of its key chain. No chain is "
        "needed "
        "for that.\n\n"
        "With a contract it also shows, as read from the chain: the root that the contract trusts and "
        "whether it is "
        "the same, whether the app is allowed, whether the instance holds an NFT, and its registration.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST,
    .examples = "dstack-p2p identity\n"
                "dstack-p2p identity --json --guest /var/run/dstack.sock\n"
                "  # the instance id, for whoever mints the NFT\n"
                "dstack-p2p identity --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3 --rpc-url "
                "http://localhost:8545\n",
    .run = run_identity};
