/* SPDX-License-Identifier: MIT */
#include "cli/owner/call.h"

#include "cli/owner/account.h"
#include "cli/owner/orders.h"

#include <stdio.h>
#include <string.h>

const char owner_tightens[] = "every registered node leaves the list until it has registered again, which a "
                              "running one does by itself and pays for";

/* ---- Transactions ---- */

static int read_arguments(const cli_run *run, const owner_call *call, char *const *texts,
                          owner_argument *arguments)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (owner_read_argument(run, call->names[i], call->kinds[i], texts[i], &arguments[i]))
            return CLI_USAGE;
    return 0;
}

/* All arguments are read before a node is asked anything. */
static int check_arguments(const cli_run *run, const owner_call *call)
{
    owner_argument arguments[OWNER_ARGUMENTS_MAX];
    for (size_t i = 0; call->argument_count && i < run->argument_count; i += call->argument_count)
        if (read_arguments(run, call, run->arguments + i, arguments)) return CLI_USAGE;
    return owner_refuse_repeats(run);
}

static int add_call(const cli_run *run, const owner_call *call, char *const *texts, dstack_p2p *sdk,
                    owner_orders *orders)
{
    owner_argument arguments[OWNER_ARGUMENTS_MAX];
    eth_abi_arg args[OWNER_ARGUMENTS_MAX] = {{0}};
    char shown[OWNER_WHAT] = "";
    if (read_arguments(run, call, texts, arguments)) return CLI_USAGE;
    int refused = call->check ? call->check(run, sdk, arguments) : 0;
    if (refused) return refused;
    for (size_t i = 0; i < call->argument_count; i++)
        args[i] = arguments[i].abi;
    owner_enumerate(texts, call->argument_count, shown, sizeof shown);
    owner_orders_call(orders, sdk->config.contract20, call->function, shown, call->selector, args,
                      call->argument_count);
    return 0;
}

static int add_calls(const cli_run *run, const owner_call *call, dstack_p2p *sdk, owner_orders *orders)
{
    if (!call->argument_count) return add_call(run, call, NULL, sdk, orders);
    int status = 0;
    for (size_t i = 0; !status && i + call->argument_count <= run->argument_count; i += call->argument_count)
        status = add_call(run, call, run->arguments + i, sdk, orders);
    return status;
}

/* ---- The command ---- */

static void compose_intent(const cli_run *run, const owner_call *call, char intent[static OWNER_INTENT])
{
    char objects[OWNER_INTENT / 2];
    const char *consequence = call->consequence;
    if (call->only_for && strcmp(run->arguments[0], call->only_for)) consequence = NULL;
    owner_enumerate(run->arguments, run->argument_count, objects, sizeof objects);
    snprintf(intent, OWNER_INTENT, "%s%s%s%s%s", call->intent, *objects ? " " : "", objects,
             consequence ? ": " : "", consequence ? consequence : "");
}

static int send_calls(const cli_run *run, const owner_call *call, dstack_p2p *sdk)
{
    char intent[OWNER_INTENT];
    owner_orders *orders = owner_orders_new(run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    compose_intent(run, call, intent);
    int status = add_calls(run, call, sdk, orders);
    if (!status) status = owner_orders_send(run, sdk, intent, orders, NULL);
    owner_orders_free(orders);
    return status;
}

int owner_run_call(cli_run *run)
{
    int status;
    const owner_call *call = run->command->detail;
    if (check_arguments(run, call)) return CLI_USAGE;
    dstack_p2p *sdk = owner_open_contract(run, &status);
    if (!sdk) return status;
    status = send_calls(run, call, sdk);
    cli_close(sdk);
    return status;
}
