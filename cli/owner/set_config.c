/* SPDX-License-Identifier: MIT */
#include "cli/amounts.h"
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/orders.h"
#include "registry/contract_abi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- set-config: the rules of minting ---- */

/* The contract keeps 40 bits. */
#define NODES_MAX ((UINT64_C(1) << 40) - 1)

typedef struct minting {
    uint64_t max_nodes;
    bool is_public;
    uint8_t price32[32];
} minting;

/* What is not given keeps what `rules` holds. */
static int read_rules(const cli_run *run, minting *rules)
{
    owner_argument is_public;
    eth_wei price = owner_wei(rules->price32);
    const char *given = cli_value(run, "public-minting");
    if (!given && !cli_has(run, "max-nodes") && !cli_has(run, "mint-price"))
        return cli_misuse(run, "nothing to set: give --max-nodes, --public-minting or --mint-price");
    if (given && owner_read_argument(run, "--public-minting", OWNER_SWITCH, given, &is_public))
        return CLI_USAGE;
    if (given) rules->is_public = is_public.abi.value;
    if (cli_number(run, "max-nodes", 0, NODES_MAX, &rules->max_nodes) ||
        cli_amount(run, "mint-price", &price))
        return CLI_USAGE;
    if (cli_has(run, "mint-price")) owner_wei_word(price, rules->price32);
    return 0;
}

static int read_current(const cli_run *run, dstack_p2p *sdk, minting *rules)
{
    owner_settings settings;
    int status = owner_look(run, sdk, &settings);
    if (status) return status;
    *rules = (minting){.max_nodes = settings.max_nodes, .is_public = settings.public_minting};
    memcpy(rules->price32, settings.mint_price32, 32);
    return 0;
}

static int send_rules(const cli_run *run, dstack_p2p *sdk, const minting *rules)
{
    char intent[OWNER_INTENT], price[ETH_WEI_TEXT], nodes[64] = "any number of nodes";
    const eth_abi_arg args[] = {
        {.value = rules->max_nodes}, {.value = rules->is_public}, {.word32 = rules->price32}};
    owner_orders *orders = owner_orders_new(run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    eth_wei_format(owner_wei(rules->price32), price);
    if (rules->max_nodes)
        snprintf(nodes, sizeof nodes, "%" PRIu64 " node%s at most", rules->max_nodes,
                 rules->max_nodes == 1 ? "" : "s");
    snprintf(intent, sizeof intent, "set the rules of minting: %s, %s can mint, an NFT costs %s", nodes,
             rules->is_public ? "anyone" : "only the owner", price);
    owner_orders_call(orders, sdk->config.contract20, "setClusterConfig", NULL,
                      CONTRACT_SEL_SET_CLUSTER_CONFIG, args, 3);
    int status = owner_orders_send(run, sdk, intent, orders, NULL);
    owner_orders_free(orders);
    return status;
}

static int run_set_config(cli_run *run)
{
    int status;
    minting rules = {0};
    if (read_rules(run, &rules)) return CLI_USAGE;
    dstack_p2p *sdk = owner_open_contract(run, &status);
    if (!sdk) return status;
    status = read_current(run, sdk, &rules);
    if (!status) status = read_rules(run, &rules);
    if (!status) status = send_rules(run, sdk, &rules);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {
    {"max-nodes", 0, "N", NULL, "how many NFTs there may be; 0 is any number (as it is)"},
    {"public-minting", 0, "on|off", NULL, "whether anyone can mint, or only the owner (as it is)"},
    {"mint-price", 0, "AMOUNT", NULL, "what whoever mints pays for each NFT (as it is)"},
    {0}};

const cli_command command_set_config = {
    .name = "set-config",
    .group = CLI_OWNER,
    .arguments = "",
    .summary = "set the rules of minting",
    .description =
        "Sets how many NFTs there may be, who can mint them, and what one costs. What is not given "
        "stays as it is. NFTs above a lowered limit stay. The price is paid by whoever mints, the "
        "owner included, and stays in the contract until withdraw-fees.",
    .options = options,
    .takes = OWNER_TAKES,
    .examples = "dstack-p2p set-config --max-nodes 20\n"
                "dstack-p2p set-config --public-minting on --mint-price 0.01ether\n",
    .run = run_set_config};
