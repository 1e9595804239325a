/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/orders.h"
#include "cli/owner/settings.h"
#include "eth/key.h"
#include "registry/contract_abi.h"
#include "registry/membership.h"

#include <stdio.h>
#include <string.h>

/* ---- mint: NFTs for instances ---- */

typedef struct minting {
    const cli_run *run;
    dstack_p2p *sdk;
    uint8_t holder20[20];
    uint8_t price32[32];
    bool held[CLUSTER_ORDERS_MAX];
    char *wanted[CLUSTER_ORDERS_MAX];
    size_t wanted_count;
} minting;

static int check_arguments(const cli_run *run)
{
    owner_argument argument;
    for (size_t i = 0; i < run->argument_count; i++)
        if (owner_read_argument(run, "an instance id", OWNER_INSTANCE, run->arguments[i], &argument))
            return CLI_USAGE;
    const char *holder = cli_value(run, "to");
    if (holder && owner_read_argument(run, "--to", OWNER_ADDRESS, holder, &argument)) return CLI_USAGE;
    return owner_refuse_repeats(run);
}

/* ---- What the contract says ---- */

/* The price, and with --if-needed whether each instance has an NFT. */
static size_t ask(void *context, size_t i, eth_batch *batch)
{
    const minting *it = context;
    const uint8_t *contract20 = it->sdk->config.contract20;
    if (!i) return registry_ask_view(batch, contract20, CONTRACT_SEL_MINT_PRICE, NULL, 0, "latest");
    const eth_abi_arg instance = {.data = it->run->arguments[i - 1], .len = 40};
    return registry_ask_view(batch, contract20, CONTRACT_SEL_INSTANCE_TO_TOKEN, &instance, 1, "latest");
}

static int take(void *context, size_t i, const eth_request *answer, base_error *error)
{
    minting *it = context;
    return i ? registry_read_nonzero(answer, &it->held[i - 1], error)
             : registry_read_word(answer, it->price32, error);
}

static int look(minting *it)
{
    size_t instances = cli_has(it->run, "if-needed") ? it->run->argument_count : 0;
    int status = owner_ask_each(it->run, it->sdk, 1 + instances, ask, take, it);
    for (size_t i = 0; i < it->run->argument_count && !status; i++)
        if (it->held[i])
            cli_note(it->run, "%s has an NFT already", it->run->arguments[i]);
        else
            it->wanted[it->wanted_count++] = it->run->arguments[i];
    return status;
}

/* ---- Minting ---- */

static void add_order(const minting *it, const char *instance, owner_orders *orders)
{
    const eth_abi_arg args[] = {{.address20 = it->holder20}, {.data = instance, .len = 40}};
    cluster_order *order = owner_orders_call(orders, it->sdk->config.contract20, "mintNodeAccess", instance,
                                             CONTRACT_SEL_MINT_NODE_ACCESS, args, sizeof args / sizeof *args);
    if (order) order->value = owner_wei(it->price32);
}

static void compose_intent(const minting *it, char intent[static OWNER_INTENT])
{
    static const uint8_t free_of_charge[32];
    char instances[OWNER_INTENT / 2], holder[43], price[ETH_WEI_TEXT + 16] = "";
    owner_enumerate(it->wanted, it->wanted_count, instances, sizeof instances);
    eth_address_format(it->holder20, holder);
    if (memcmp(it->price32, free_of_charge, 32) != 0) {
        eth_wei_format(owner_wei(it->price32), price);
        strcat(price, " each");
    }
    snprintf(intent, OWNER_INTENT, "mint %zu NFT%s for %s, held by %s%s%s", it->wanted_count,
             it->wanted_count == 1 ? "" : "s", instances, holder, *price ? ", at " : "", price);
}

static json_t *more_json(const minting *it)
{
    char holder[43];
    json_t *minted = json_array(), *held = json_array();
    eth_address_format(it->holder20, holder);
    for (size_t i = 0; i < it->run->argument_count; i++)
        json_array_append_new(it->held[i] ? held : minted, json_string(it->run->arguments[i]));
    return json_pack("{ss so so}", "holder", holder, "minted", minted, "held_already", held);
}

static int mint(minting *it)
{
    char intent[OWNER_INTENT];
    owner_orders *orders = owner_orders_new(it->run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    for (size_t i = 0; i < it->wanted_count; i++)
        add_order(it, it->wanted[i], orders);
    compose_intent(it, intent);
    int status = owner_orders_send(it->run, it->sdk, intent, orders, it->run->json ? more_json(it) : NULL);
    owner_orders_free(orders);
    return status;
}

static int find_holder(minting *it)
{
    owner_argument holder;
    const char *text = cli_value(it->run, "to");
    if (!text) return cli_sender(it->run, it->sdk, it->holder20);
    if (owner_read_argument(it->run, "--to", OWNER_ADDRESS, text, &holder)) return CLI_USAGE;
    memcpy(it->holder20, holder.bytes32, 20);
    return 0;
}

static int run_mint(cli_run *run)
{
    int status;
    minting it = {.run = run};
    if (check_arguments(run)) return CLI_USAGE;
    it.sdk = owner_open_contract(run, &status);
    if (!it.sdk) return status;
    status = find_holder(&it);
    if (!status) status = look(&it);
    if (!status) status = mint(&it);
    cli_close(it.sdk);
    return status;
}

static const cli_option options[] = {
    {"to", 0, "HOLDER", NULL, "the address that is to hold the NFTs (the one that sends)"},
    {"if-needed", 0, NULL, NULL, "leave instances alone that have an NFT already"},
    {0}};

const cli_command command_mint = {
    .name = "mint",
    .group = CLI_OWNER,
    .arguments = "INSTANCE...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "mint the NFTs that let instances register",
    .description =
        "Mints one NFT for each instance, without which it cannot register. The instance id is what "
        "`dstack-p2p identity` prints on the node. Who holds the NFT may take the node off the list "
        "and move the NFT to another instance of theirs. For the owner of the contract; for anyone "
        "while public minting is on. Whoever mints pays the mint price, if there is one.\n\n"
        "An instance that has an NFT already is refused, unless --if-needed is given.",
    .options = options,
    .takes = OWNER_TAKES,
    .examples =
        "dstack-p2p mint 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n"
        "dstack-p2p mint --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --if-needed --yes $(cat ids)\n"
        "  # for a list of instances, without a question; as often as you like\n",
    .run = run_mint};
