/* SPDX-License-Identifier: MIT */
/*
 * Prepares registrations for another tool to send:   bench_statements RPC_URL CONTRACT INSTANCE COUNT
 * Mines COUNT blocks on anvil and prints registerPeer's call data, a line each, anchored in them one after
 * the other, each with another URL. Signed with dstack's public development app key.
 */
#include "bench/development_app.h"
#include "cluster/block.h"
#include "eth/endpoints.h"
#include "eth/rpc.h"

#include <stdio.h>
#include <stdlib.h>

static void fail(const base_error *error)
{
    fprintf(stderr, "bench_statements: %s\n", error->text);
    exit(1);
}

static cluster_block read_block(eth_rpc *rpc, const char *tag)
{
    eth_batch batch;
    cluster_block block;
    base_error error = {0};
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_block(&batch, tag);
    if (eth_rpc_send(rpc, &batch, &error) || cluster_read_block(&batch.requests[at], &block, &error))
        fail(&error);
    eth_batch_free(&batch);
    return block;
}

static uint64_t mine(eth_rpc *rpc, unsigned long count)
{
    eth_batch batch;
    base_error error = {0};
    uint64_t first = read_block(rpc, "latest").number + 1;
    eth_rpc_begin(&batch);
    eth_batch_add(&batch, "anvil_mine", "[\"0x%lx\"]", count);
    if (eth_rpc_send(rpc, &batch, &error)) fail(&error);
    eth_batch_free(&batch);
    return first;
}

static void print_call(const development_app *app, registry_statement *statement, const cluster_block *anchor)
{
    base_buf data = base_buf_make(4096), text = base_buf_make(16384);
    statement->anchor_number = anchor->number;
    memcpy(statement->anchor_hash32, anchor->hash32, 32);
    development_app_register(app, statement, &data);
    base_buf_hex(&text, data.data, data.len);
    printf("0x%s\n", text.data);
    base_buf_free(&data);
    base_buf_free(&text);
}

int main(int argc, char **argv)
{
    char tag[24], url[64];
    base_error error = {0};
    development_app app;
    registry_statement statement = {.url = url};
    if (argc != 5 || eth_endpoints_check(argv[1], &error) ||
        !eth_address_parse(argv[2], statement.contract20) ||
        !base_hex_decode(argv[3], strlen(argv[3]), statement.instance20, 20)) {
        fprintf(stderr, "usage: bench_statements RPC_URL CONTRACT INSTANCE COUNT\n");
        return 2;
    }
    eth_rpc_config config = {.urls = argv[1], .timeout_ms = 60000, .cancel_fd = -1};
    eth_rpc *rpc = eth_rpc_new(&config);
    unsigned long count = strtoul(argv[4], NULL, 10);
    development_app_init(&app);
    uint64_t first = mine(rpc, count);
    statement.chain_id = eth_rpc_chain_id(rpc);
    for (unsigned long i = 0; i < count; i++) {
        snprintf(tag, sizeof tag, "0x%llx", (unsigned long long)(first + i));
        snprintf(url, sizeof url, "http://localhost:%lu", 20000 + i);
        cluster_block anchor = read_block(rpc, tag);
        print_call(&app, &statement, &anchor);
    }
    eth_rpc_free(rpc);
    return 0;
}
