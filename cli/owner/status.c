/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/status_view.h"
#include "cluster/peers.h"
#include "registry/contract_abi.h"
#include "registry/membership.h"

#include <string.h>

/* ---- status: what the contract holds ---- */

/* Where the batch holds the questions about one of each. */
typedef struct places {
    size_t settings, page, domain, app, token, holder, banned, anchor, peer;
} places;

static int check_options(const cli_run *run, owner_status *it)
{
    const char *domain = cli_value(run, "domain"), *app = cli_value(run, "app"),
               *instance = cli_value(run, "instance");
    if (domain && owner_read_argument(run, "--domain", OWNER_DOMAIN, domain, &it->domain)) return CLI_USAGE;
    if (app && owner_read_argument(run, "--app", OWNER_APP, app, &it->app)) return CLI_USAGE;
    if (instance && owner_read_argument(run, "--instance", OWNER_INSTANCE, instance, &it->instance))
        return CLI_USAGE;
    return 0;
}

static size_t ask_about(eth_batch *batch, const dstack_p2p *sdk, uint32_t selector, const eth_abi_arg *arg)
{
    return registry_ask_view(batch, sdk->config.contract20, selector, arg, 1, "latest");
}

/* The token id is the instance id as a number. */
static size_t ask_holder(eth_batch *batch, const dstack_p2p *sdk, const uint8_t instance20[static 20])
{
    const eth_abi_arg token = {.address20 = instance20};
    return ask_about(batch, sdk, CONTRACT_SEL_OWNER_OF, &token);
}

static void ask(eth_batch *batch, const dstack_p2p *sdk, const owner_status *it, places *at)
{
    eth_rpc_begin(batch);
    at->settings = owner_ask_settings(batch, sdk->config.contract20);
    at->page = registry_ask_page(batch, sdk->config.contract20, 0, CLUSTER_PAGE_MAX, "latest");
    if (it->domain.text)
        at->domain = ask_about(batch, sdk, CONTRACT_SEL_IS_BASE_DOMAIN_ALLOWED, &it->domain.abi);
    if (it->app.text) at->app = ask_about(batch, sdk, CONTRACT_SEL_IS_APP_ID_ALLOWED, &it->app.abi);
    if (!it->instance.text) return;
    at->token = ask_about(batch, sdk, CONTRACT_SEL_INSTANCE_TO_TOKEN, &it->instance.abi);
    at->holder = ask_holder(batch, sdk, it->instance.bytes32);
    at->banned = ask_about(batch, sdk, CONTRACT_SEL_IS_INSTANCE_BANNED, &it->instance.abi);
    at->anchor = ask_about(batch, sdk, CONTRACT_SEL_LAST_ANCHOR, &it->instance.abi);
    at->peer = registry_ask_peer(batch, sdk->config.contract20, it->instance.bytes32, "latest");
}

static int read_instance(const eth_batch *batch, const places *at, owner_status *it, base_error *error)
{
    const eth_request *answers = batch->requests;
    if (registry_read_nonzero(&answers[at->token], &it->has_nft, error) ||
        registry_read_bool(&answers[at->banned], &it->banned, error) ||
        registry_read_u64(&answers[at->anchor], &it->last_anchor, error) ||
        registry_read_peer(&answers[at->peer], &it->peer, it->url, error))
        return error->code;
    /* ownerOf refuses to name the holder of a token that there is not. */
    return it->has_nft ? registry_read_address(&answers[at->holder], it->holder20, error) : 0;
}

/* The first page tells how many are listed, unless there are more, or it is too much for the node. */
static void read_page(const eth_request *answer, owner_status *it)
{
    registry_page page;
    base_error ignored = {0};
    it->counted = !registry_open_page(answer, &page, &ignored) && page.total <= CLUSTER_PAGE_MAX;
    if (it->counted) it->listed = page.count;
    registry_close_page(&page);
}

static int read(const eth_batch *batch, const places *at, owner_status *it, base_error *error)
{
    const eth_request *answers = batch->requests;
    if (owner_read_settings(batch, at->settings, &it->settings, error)) return error->code;
    read_page(&answers[at->page], it);
    if (it->domain.text && registry_read_bool(&answers[at->domain], &it->domain_allowed, error))
        return error->code;
    if (it->app.text && registry_read_bool(&answers[at->app], &it->app_allowed, error)) return error->code;
    return it->instance.text ? read_instance(batch, at, it, error) : 0;
}

static int count_peers(const cli_run *run, dstack_p2p *sdk, owner_status *it)
{
    base_error error = {0};
    eth_rpc *rpc = cluster_rpc(sdk, &error);
    dstack_p2p_peers *list = rpc ? cluster_read_peers(sdk, rpc, &sdk->paging, &error) : NULL;
    if (!list) return cli_fail(run, error.code, "%s", error.text);
    it->listed = dstack_p2p_peers_count(list);
    dstack_p2p_peers_free(list);
    return CLI_OK;
}

static int look(const cli_run *run, dstack_p2p *sdk, owner_status *it)
{
    eth_batch batch;
    places at = {0};
    base_error error = {0};
    ask(&batch, sdk, it, &at);
    int status = owner_ask(run, sdk, &batch);
    if (!status && read(&batch, &at, it, &error)) status = owner_fail(run, sdk, &error);
    eth_batch_free(&batch);
    if (!status && !it->counted) status = count_peers(run, sdk, it);
    it->chain_id = atomic_load(&sdk->chain_id);
    it->contract = sdk->config.contract_text;
    return status;
}

static int run_status(cli_run *run)
{
    int status;
    base_error error = {0};
    owner_status it = {0};
    if (check_options(run, &it)) return CLI_USAGE;
    dstack_p2p *sdk = cli_open(run, NULL, &status);
    if (!sdk) return status;
    if (cluster_need_contract(sdk, &error))
        status = cli_fail(run, error.code, "%s", error.text);
    else
        status = look(run, sdk, &it);
    if (!status) status = owner_status_print(run, &it);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {
    {"domain", 0, "DOMAIN", NULL, "also whether URLs under this base domain are allowed"},
    {"app", 0, "APP", NULL, "also whether instances of this app may register"},
    {"instance", 0, "INSTANCE", NULL, "also this instance: NFT, ban, peer, last anchor"},
    {0}};

const cli_command command_status = {
    .name = "status",
    .group = CLI_OWNER,
    .arguments = "",
    .summary = "show what the contract holds",
    .description =
        "Shows the contract's settings: who owns it, the root of trust, the rules for URLs, leases, "
        "minting and booting, how many peers there are, and the counters that move with each change. "
        "Slots are what readers go through; it has more of them than there are peers while leases "
        "have run out (see prune) or nodes have not registered again since the rules were "
        "tightened.\n\n"
        "It costs nothing and needs no key. What comes from the node is believed.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN,
    .examples = "dstack-p2p status --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
                "dstack-p2p status --instance 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"
                "dstack-p2p status --json | jq -r .owner\n",
    .run = run_status};
