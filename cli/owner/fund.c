/* SPDX-License-Identifier: MIT */
#include "cli/amounts.h"
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/orders.h"
#include "eth/key.h"
#include "eth/quantity.h"

#include <stdio.h>
#include <string.h>

/* ---- fund: ether for the accounts that pay for registrations ---- */

typedef struct funding {
    const cli_run *run;
    dstack_p2p *sdk;
    eth_wei amount, below;
    eth_wei balances[CLUSTER_ORDERS_MAX];
    char *wanted[CLUSTER_ORDERS_MAX];
    size_t wanted_count;
} funding;

static int check_arguments(funding *it)
{
    owner_argument argument;
    const cli_run *run = it->run;
    for (size_t i = 0; i < run->argument_count; i++)
        if (owner_read_argument(run, "an account", OWNER_ADDRESS, run->arguments[i], &argument))
            return CLI_USAGE;
    if (!cli_has(run, "amount")) return cli_misuse(run, "--amount is missing: what each account gets");
    if (cli_amount(run, "amount", &it->amount) || cli_amount(run, "below", &it->below)) return CLI_USAGE;
    if (!it->amount) return cli_misuse(run, "--amount takes an amount above 0");
    return owner_refuse_repeats(run);
}

/* ---- Who has how much ---- */

/* Two questions for each: what is on its way to it counts, or it would be paid twice when the last run did
 * not see it in a block. */
static size_t ask(void *context, size_t i, eth_batch *batch)
{
    const funding *it = context;
    /* An address that was checked: 0x and 40 digits. */
    return eth_batch_add(batch, "eth_getBalance", "[\"%s\",\"%s\"]", it->run->arguments[i / 2],
                         i % 2 ? "pending" : "latest");
}

static int take(void *context, size_t i, const eth_request *answer, base_error *error)
{
    funding *it = context;
    /* Not every node knows what is pending. */
    if (i % 2 && answer->has_error) return 0;
    if (eth_request_check(answer, error)) return error->code;
    if (eth_quantity_wei(answer->result, &it->balances[i / 2])) return 0;
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's answer to eth_getBalance is malformed");
}

static bool has_enough(const funding *it, size_t i)
{
    return cli_has(it->run, "below") && it->balances[i] >= it->below;
}

static int look(funding *it)
{
    char balance[ETH_WEI_TEXT];
    const cli_run *run = it->run;
    int status =
        cli_has(run, "below") ? owner_ask_each(run, it->sdk, 2 * run->argument_count, ask, take, it) : CLI_OK;
    for (size_t i = 0; i < run->argument_count && !status; i++) {
        if (!has_enough(it, i)) {
            it->wanted[it->wanted_count++] = run->arguments[i];
            continue;
        }
        eth_wei_format(it->balances[i], balance);
        cli_note(run, "%s has enough: %s", run->arguments[i], balance);
    }
    return status;
}

/* ---- Paying ---- */

static json_t *more_json(const funding *it)
{
    json_t *funded = json_array(), *enough = json_array();
    for (size_t i = 0; i < it->run->argument_count; i++)
        json_array_append_new(has_enough(it, i) ? enough : funded, json_string(it->run->arguments[i]));
    return json_pack("{so so so}", "amount", cli_wei_json(it->amount), "funded", funded, "has_enough",
                     enough);
}

static int add_order(const funding *it, const char *account, owner_orders *orders)
{
    owner_argument to;
    if (owner_read_argument(it->run, "an account", OWNER_ADDRESS, account, &to)) return CLI_USAGE;
    cluster_order *order = owner_orders_add(orders, to.bytes32, "payment to %s", account);
    if (order) order->value = it->amount;
    return 0;
}

static int pay(const funding *it)
{
    char intent[OWNER_INTENT], accounts[OWNER_INTENT / 2], amount[ETH_WEI_TEXT];
    int status = CLI_OK;
    owner_orders *orders = owner_orders_new(it->run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    for (size_t i = 0; i < it->wanted_count && !status; i++)
        status = add_order(it, it->wanted[i], orders);
    eth_wei_format(it->amount, amount);
    owner_enumerate(it->wanted, it->wanted_count, accounts, sizeof accounts);
    snprintf(intent, sizeof intent, "pay %s to each of %zu account%s: %s", amount, it->wanted_count,
             it->wanted_count == 1 ? "" : "s", accounts);
    if (!status)
        status = owner_orders_send(it->run, it->sdk, intent, orders, it->run->json ? more_json(it) : NULL);
    owner_orders_free(orders);
    return status;
}

static int run_fund(cli_run *run)
{
    int status;
    funding it = {.run = run};
    if (check_arguments(&it)) return CLI_USAGE;
    it.sdk = owner_open(run, &status);
    if (!it.sdk) return status;
    status = look(&it);
    if (!status) status = pay(&it);
    cli_close(it.sdk);
    return status;
}

static const cli_option options[] = {
    {"amount", 0, "AMOUNT", NULL, "what each account gets, such as 0.01ether"},
    {"below", 0, "AMOUNT", NULL, "only those that have less than this"},
    {0}};

const cli_command command_fund = {
    .name = "fund",
    .group = CLI_OWNER,
    .arguments = "ADDRESS...",
    .least = 1,
    .most = CLUSTER_ORDERS_MAX,
    .summary = "send ether to the accounts that pay for registrations",
    .description =
        "Sends an amount to each account. A node pays for its registrations with the account of its "
        "own derived key, which `dstack-p2p identity` prints as its instance address, unless it is "
        "given a private key. With --below it tops up, as often as you like.\n\n"
        "What is sent counts towards --max-cost.",
    .options = options,
    .takes = CLI_CHAIN | CLI_PAYS | CLI_SPENDS,
    .examples =
        "dstack-p2p fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --amount 0.01ether\n"
        "dstack-p2p fund $(cat addresses) --amount 0.02ether --below 0.005ether --max-cost 1ether --yes\n"
        "  # top up those that run dry, without a question\n",
    .run = run_fund};
