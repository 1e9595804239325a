/* SPDX-License-Identifier: MIT */
#include "cli/amounts.h"
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/orders.h"
#include "eth/key.h"
#include "registry/contract_abi.h"

#include <stdio.h>
#include <string.h>

/* ---- withdraw-fees ---- */

static int withdraw(const cli_run *run, dstack_p2p *sdk, const uint8_t to20[static 20], eth_wei fees)
{
    char intent[OWNER_INTENT], to[43], amount[ETH_WEI_TEXT];
    const eth_abi_arg receiver = {.address20 = to20};
    owner_orders *orders = owner_orders_new(run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    eth_address_format(to20, to);
    eth_wei_format(fees, amount);
    snprintf(intent, sizeof intent, "send the fees in the contract, %s, to %s", amount, to);
    if (fees)
        owner_orders_call(orders, sdk->config.contract20, "withdrawFees", to, CONTRACT_SEL_WITHDRAW_FEES,
                          &receiver, 1);
    json_t *more = run->json ? json_pack("{so ss}", "fees", cli_wei_json(fees), "to", to) : NULL;
    int status = owner_orders_send(run, sdk, intent, orders, more);
    owner_orders_free(orders);
    return status;
}

static int run_withdraw_fees(cli_run *run)
{
    int status;
    owner_settings settings;
    owner_argument to = {0};
    if (run->argument_count &&
        owner_read_argument(run, "the receiver", OWNER_ADDRESS, run->arguments[0], &to))
        return CLI_USAGE;
    dstack_p2p *sdk = owner_open_contract(run, &status);
    if (!sdk) return status;
    if (!run->argument_count) status = cli_sender(run, sdk, to.bytes32);
    if (!status) status = owner_look(run, sdk, &settings);
    if (!status) status = withdraw(run, sdk, to.bytes32, settings.fees);
    cli_close(sdk);
    return status;
}

const cli_command command_withdraw_fees = {
    .name = "withdraw-fees",
    .group = CLI_OWNER,
    .arguments = "[TO]",
    .most = 1,
    .summary = "take out what was paid for NFTs",
    .description = "Sends all ether that the contract holds, which is what was paid for NFTs, to an address: "
                   "that of the sender unless another one is given. For the owner of the contract.",
    .takes = OWNER_TAKES,
    .examples = "dstack-p2p withdraw-fees\n"
                "dstack-p2p withdraw-fees 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n",
    .run = run_withdraw_fees};
