/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/probe.h"

#include "eth/acceptance.h"

static eth_rpc *connect_to(const doctor *self, const char *url)
{
    const dstack_p2p *sdk = self->sdk;
    eth_rpc_config config = {.urls = url,
                             .timeout_ms = sdk->config.rpc_timeout_ms,
                             .cancel_fd = sdk->cancel_fd,
                             .log = &sdk->config.log,
                             .clock = sdk->clock};
    return eth_rpc_new(&config);
}

static int ask_block(const doctor *self, eth_rpc *rpc, doctor_node *it)
{
    eth_batch batch;
    uint64_t begin = base_now_ms(self->sdk->clock);
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_block(&batch, "latest");
    if (!eth_rpc_send(rpc, &batch, &it->error))
        cluster_read_block(&batch.requests[at], &it->block, &it->error);
    eth_batch_free(&batch);
    it->ms = base_now_ms(self->sdk->clock) - begin;
    it->chain_id = eth_rpc_chain_id(rpc);
    it->batches = eth_rpc_round_trips(rpc) == 1; /* more: it had to be asked one by one */
    return it->error.code;
}

/* With nothing in the place of a transaction: there is none that could be taken. */
static void ask_sync(eth_rpc *rpc, doctor_node *it)
{
    eth_batch batch;
    base_error ignored = {0};
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add(&batch, "eth_sendRawTransactionSync", "[\"0x\"]");
    const eth_request *answer = &batch.requests[at];
    if (!eth_rpc_send(rpc, &batch, &ignored))
        it->sync = answer->has_error && eth_request_acceptance(answer) != ETH_TX_UNKNOWN_METHOD;
    eth_batch_free(&batch);
}

void doctor_probe(const doctor *self, const char *url, doctor_node *it)
{
    *it = (doctor_node){0};
    net_url_redact(url, it->shown);
    eth_rpc *rpc = connect_to(self, url);
    if (!rpc)
        base_fail(&it->error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (!ask_block(self, rpc, it))
        ask_sync(rpc, it);
    eth_rpc_free(rpc);
}
