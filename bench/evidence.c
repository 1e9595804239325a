/* SPDX-License-Identifier: MIT */
/*
 * What it costs to check the peers' evidence:   bench_evidence RPC_URL CONTRACT OWNER COUNT RUNS
 * Registers COUNT instances on anvil with genuine evidence, each anchored at a block of its own, then reads
 * them with handles that check and that do not, in turn: their first reading, and a later one. Prints a
 * table.
 */
#include "bench/development_app.h"
#include "cluster/block.h"
#include "cluster/sdk.h"
#include "eth/abi.h"
#include "eth/endpoints.h"
#include "registry/contract_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KMS_ROOT "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"

enum { CALL_MAX = 8192, READINGS = 4 };

typedef struct bench {
    eth_rpc *rpc;
    const char *url, *contract, *owner;
    registry_statement statement;
    development_app app;
} bench;

static void fail(const char *text)
{
    fprintf(stderr, "bench_evidence: %s\n", text);
    exit(1);
}

/* ---- Registering ---- */

static void send(bench *it, eth_batch *batch)
{
    base_error error = {0};
    if (eth_rpc_send(it->rpc, batch, &error)) fail(error.text);
    for (size_t i = 0; i < batch->count; i++)
        if (eth_request_check(&batch->requests[i], &error)) fail(error.text);
}

/* Adds a transaction of the owner's to the contract. anvil signs for it; left to itself, it gives a nonce
 * twice. */
static void add_transaction(bench *it, eth_batch *batch, const base_buf *data)
{
    base_buf params = base_buf_make(4 * CALL_MAX);
    base_buf_printf(&params, "[{\"from\":\"%s\",\"to\":\"%s\",\"gas\":\"0x4c4b40\",\"data\":\"0x", it->owner,
                    it->contract);
    base_buf_hex(&params, data->data, data->len);
    base_buf_puts(&params, "\"}]");
    eth_batch_add_params(batch, "eth_sendTransactionSync", &params);
    base_buf_free(&params);
}

static void choose_instance(bench *it, unsigned long number)
{
    memset(it->statement.instance20, 0x5a, 20);
    for (int i = 19; i >= 12; i--, number >>= 8)
        it->statement.instance20[i] = (uint8_t)number;
}

static void admit(bench *it, eth_batch *batch)
{
    char id[41];
    uint8_t owner[20];
    base_buf data = base_buf_make(CALL_MAX);
    base_hex_encode(it->statement.instance20, 20, id);
    if (!eth_address_parse(it->owner, owner)) fail("malformed owner");
    const eth_abi_arg args[] = {{.address20 = owner}, {.data = id, .len = 40}};
    eth_abi_encode_call(&data, CONTRACT_SEL_MINT_NODE_ACCESS, args, 2);
    add_transaction(it, batch, &data);
    base_buf_free(&data);
}

/* A gateway's length of URL. */
static void register_one(bench *it, unsigned long number)
{
    char url[128];
    eth_batch batch;
    cluster_block anchor;
    base_error error = {0};
    base_buf data = base_buf_make(CALL_MAX);
    choose_instance(it, number);
    eth_rpc_begin(&batch);
    admit(it, &batch);
    size_t at = cluster_ask_block(&batch, "latest");
    send(it, &batch);
    if (cluster_read_block(&batch.requests[at], &anchor, &error)) fail(error.text);
    eth_batch_free(&batch);
    snprintf(url, sizeof url, "https://%040lu-443s.dstack-pha-prod7.phala.network", number);
    it->statement.url = url;
    it->statement.chain_id = eth_rpc_chain_id(it->rpc);
    it->statement.anchor_number = anchor.number;
    memcpy(it->statement.anchor_hash32, anchor.hash32, 32);
    development_app_register(&it->app, &it->statement, &data);
    eth_rpc_begin(&batch);
    add_transaction(it, &batch, &data);
    send(it, &batch);
    eth_batch_free(&batch);
    base_buf_free(&data);
}

/* ---- Reading ---- */

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static dstack_p2p *open_handle(const bench *it, dstack_p2p_evidence evidence)
{
    const dstack_p2p_options options = {.rpc_url = it->url, .kms_root = KMS_ROOT, .evidence = evidence};
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, NULL, &options);
    if (!sdk || dstack_p2p_errcode(sdk)) fail(dstack_p2p_errmsg(sdk));
    return sdk;
}

/* One reading of a handle; the number of peers is to be right, so that nothing is measured but what is meant.
 */
static double read_once(dstack_p2p *sdk, size_t count)
{
    double start = now_ms();
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    double elapsed = now_ms() - start;
    if (!peers) fail(dstack_p2p_errmsg(sdk));
    if (dstack_p2p_peers_count(peers) != count) fail("peers are missing");
    dstack_p2p_peers_free(peers);
    return elapsed;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* First and later reading, of a handle that does not check and of one that does; the one or the other goes
 * first. */
static void measure(const bench *it, size_t count, size_t run, double figures[static READINGS],
                    uint64_t trips[static 2])
{
    static const dstack_p2p_evidence ways[] = {DSTACK_P2P_EVIDENCE_OFF, DSTACK_P2P_EVIDENCE_REQUIRED};
    dstack_p2p *handles[2];
    for (size_t i = 0; i < READINGS; i++) {
        size_t way = (i + run) % 2, later = i / 2;
        if (!later) handles[way] = open_handle(it, ways[way]);
        figures[2 * later + way] = read_once(handles[way], count);
        if (!later) trips[way] = eth_rpc_round_trips(handles[way]->rpc);
    }
    dstack_p2p_free(handles[0]);
    dstack_p2p_free(handles[1]);
}

static void print_table(const bench *it, size_t count, size_t runs)
{
    double figures[READINGS], *series[READINGS], *ratios[2];
    uint64_t trips[2] = {0};
    for (size_t i = 0; i < READINGS; i++)
        series[i] = calloc(runs, sizeof **series);
    for (size_t i = 0; i < 2; i++)
        ratios[i] = calloc(runs, sizeof **ratios);
    for (size_t run = 0; run < runs; run++) {
        measure(it, count, run, figures, trips);
        for (size_t i = 0; i < READINGS; i++)
            series[i][run] = figures[i];
        ratios[0][run] = figures[1] / figures[0];
        ratios[1][run] = figures[3] / figures[2];
    }
    printf("| %zu peers, in one process | as the node says, ms | checked, ms | ratio | requests "
           "|\n|---|---|---|---|---|\n",
           count);
    printf("| first reading | %.1f | %.1f | %.2f | %llu, %llu |\n", median(series[0], runs),
           median(series[1], runs), median(ratios[0], runs), (unsigned long long)trips[0],
           (unsigned long long)trips[1]);
    printf("| later readings | %.1f | %.1f | %.2f | 1, 1 |\n\n", median(series[2], runs),
           median(series[3], runs), median(ratios[1], runs));
}

int main(int argc, char **argv)
{
    base_error error = {0};
    if (argc != 6 || eth_endpoints_check(argv[1], &error)) {
        fprintf(stderr, "usage: bench_evidence RPC_URL CONTRACT OWNER COUNT RUNS\n");
        return 2;
    }
    bench it = {.url = argv[1], .contract = argv[2], .owner = argv[3]};
    eth_rpc_config config = {.urls = argv[1], .timeout_ms = 60000, .cancel_fd = -1};
    unsigned long count = strtoul(argv[4], NULL, 10), runs = strtoul(argv[5], NULL, 10);
    it.rpc = eth_rpc_new(&config);
    if (!it.rpc || !runs || !eth_address_parse(it.contract, it.statement.contract20))
        fail("malformed arguments");
    development_app_init(&it.app);
    for (unsigned long i = 0; i < count; i++)
        register_one(&it, i);
    print_table(&it, count, runs);
    eth_rpc_free(it.rpc);
    return 0;
}
