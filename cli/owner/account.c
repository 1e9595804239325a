/* SPDX-License-Identifier: MIT */
#include "cli/owner/account.h"
#include "cli/confirm.h"

#include "cluster/private_key.h"

/* Printed by anvil at its start, and in its manual. */
static const char anvil_key[] = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

int owner_fail(const cli_run *run, const dstack_p2p *sdk, base_error *error)
{
    cluster_name_contract(sdk, error);
    return cli_fail(run, error->code, "%s", error->text);
}

int owner_ask(const cli_run *run, dstack_p2p *sdk, eth_batch *batch)
{
    base_error error = {0};
    eth_rpc *rpc = cluster_rpc(sdk, &error);
    if (rpc) cluster_exchange(sdk, rpc, batch, &error);
    return error.code ? owner_fail(run, sdk, &error) : CLI_OK;
}

static size_t ask_some(size_t first, size_t count, owner_ask_fn ask, void *context, eth_batch *batch,
                       size_t at[static ETH_BATCH_MAX])
{
    size_t i = first;
    eth_rpc_begin(batch);
    for (; i < count && batch->count < ETH_BATCH_MAX; i++)
        at[i - first] = ask(context, i, batch);
    return i;
}

int owner_ask_each(const cli_run *run, dstack_p2p *sdk, size_t count, owner_ask_fn ask, owner_take_fn take,
                   void *context)
{
    int status = CLI_OK;
    size_t at[ETH_BATCH_MAX];
    for (size_t first = 0, next; first < count && !status; first = next) {
        eth_batch batch;
        base_error error = {0};
        next = ask_some(first, count, ask, context, &batch, at);
        status = owner_ask(run, sdk, &batch);
        for (size_t i = first; i < next && !status && !error.code; i++)
            take(context, i, &batch.requests[at[i - first]], &error);
        if (error.code) status = owner_fail(run, sdk, &error);
        eth_batch_free(&batch);
    }
    return status;
}

int owner_chain(const cli_run *run, dstack_p2p *sdk, uint64_t *chain_id)
{
    eth_batch batch;
    int status = CLI_OK;
    /* A configured one will do: whatever a node answers is held against it. */
    if (!atomic_load(&sdk->chain_id)) {
        eth_rpc_begin(&batch);
        status = owner_ask(run, sdk, &batch);
        eth_batch_free(&batch);
    }
    *chain_id = atomic_load(&sdk->chain_id);
    return status;
}

int owner_look(const cli_run *run, dstack_p2p *sdk, owner_settings *settings)
{
    eth_batch batch;
    base_error error = {0};
    eth_rpc_begin(&batch);
    size_t first = owner_ask_settings(&batch, sdk->config.contract20);
    int status = owner_ask(run, sdk, &batch);
    if (!status && owner_read_settings(&batch, first, settings, &error))
        status = owner_fail(run, sdk, &error);
    eth_batch_free(&batch);
    return status;
}

static int take_local_key(const cli_run *run, dstack_p2p *sdk)
{
    uint64_t chain_id;
    base_error error = {0};
    cluster_config *config = &sdk->config;
    int status = owner_chain(run, sdk, &chain_id);
    if (status || chain_id != CLI_LOCAL_CHAIN) return status;
    if (cluster_private_key_load(anvil_key, NULL, &config->log, &config->key32, &error))
        return cli_fail(run, error.code, "%s", error.text);
    config->has_key = true;
    cli_note(run, "no private key is given: anvil's first account signs, on this local chain");
    return CLI_OK;
}

static dstack_p2p *prepare(const cli_run *run, dstack_p2p *sdk, bool calls_contract, int *status)
{
    base_error error = {0};
    if (calls_contract && cluster_need_contract(sdk, &error))
        *status = cli_fail(run, error.code, "%s", error.text);
    else if (!sdk->config.has_key && !cli_has(run, "from"))
        *status = take_local_key(run, sdk);
    if (!*status) return sdk;
    cli_close(sdk);
    return NULL;
}

dstack_p2p *owner_open(const cli_run *run, int *status)
{
    dstack_p2p *sdk = cli_open(run, NULL, status);
    return sdk ? prepare(run, sdk, false, status) : NULL;
}

dstack_p2p *owner_open_contract(const cli_run *run, int *status)
{
    dstack_p2p *sdk = cli_open(run, NULL, status);
    return sdk ? prepare(run, sdk, true, status) : NULL;
}
