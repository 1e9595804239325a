/* SPDX-License-Identifier: MIT */
/*
 * Fills a contract on anvil with peers:   bench_fill RPC_URL CONTRACT OWNER COUNT [FIRST]
 * Mints and registers through anvil's unlocked account OWNER. The statements are signed here, with
 * dstack's public development app key, as the simulator would.
 */
#include "base/clock.h"
#include "bench/development_app.h"
#include "cluster/block.h"
#include "eth/keccak.h"
#include "eth/quantity.h"
#include "eth/rpc.h"
#include "registry/contract_abi.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEERS_PER_BATCH = 10 };

typedef struct filler {
    eth_rpc *rpc;
    development_app app;
    uint8_t contract20[20];
    const char *owner;
    uint8_t owner20[20];
    cluster_block anchor;
    uint64_t nonce;
} filler;

static void fail(const char *what, const base_error *error)
{
    fprintf(stderr, "bench_fill: %s: %s\n", what, error ? error->text : "");
    exit(1);
}

static void add_transaction(filler *fill, eth_batch *batch, const base_buf *data)
{
    size_t at = eth_batch_add(batch, "eth_sendTransaction", "%s", "");
    base_buf *params = &batch->requests[at].params;
    base_buf_printf(params, "[{\"from\":\"%s\",\"nonce\":\"0x%llx\",\"gas\":\"0xf4240\",\"to\":\"0x",
                    fill->owner, (unsigned long long)fill->nonce++);
    base_buf_hex(params, fill->contract20, 20);
    base_buf_puts(params, "\",\"data\":\"0x");
    base_buf_hex(params, data->data, data->len);
    base_buf_puts(params, "\"}]");
}

static void add_mint(filler *fill, eth_batch *batch, const uint8_t instance20[static 20])
{
    char id[41];
    base_buf data = base_buf_make(4096);
    base_hex_encode(instance20, 20, id);
    eth_abi_arg args[] = {{.address20 = fill->owner20}, {.data = id, .len = 40}};
    eth_abi_encode_call(&data, CONTRACT_SEL_MINT_NODE_ACCESS, args, 2);
    add_transaction(fill, batch, &data);
    base_buf_free(&data);
}

static void add_registration(filler *fill, eth_batch *batch, const uint8_t hash32[static 32])
{
    char url[REGISTRY_URL_MAX + 1], id[41];
    registry_statement statement = {
        .chain_id = eth_rpc_chain_id(fill->rpc), .url = url, .anchor_number = fill->anchor.number};
    base_buf data = base_buf_make(4096);
    base_hex_encode(hash32, 20, id);
    snprintf(url, sizeof url, "https://%s-443s.dstack-pha-prod7.phala.network", id);
    memcpy(statement.contract20, fill->contract20, 20);
    memcpy(statement.instance20, hash32, 20);
    memcpy(statement.anchor_hash32, fill->anchor.hash32, 32);
    development_app_register(&fill->app, &statement, &data);
    add_transaction(fill, batch, &data);
    base_buf_free(&data);
}

/* The anchor and the nonce, once all that was sent is mined: anvil mines behind the answers, and for a
 * moment a transaction is neither in the pool nor in a block. */
static bool read_chain(filler *fill)
{
    eth_batch batch;
    base_error error = {0};
    uint64_t mined, next;
    eth_rpc_begin(&batch);
    size_t at = cluster_ask_block(&batch, "latest");
    size_t latest = eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"latest\"]", fill->owner);
    size_t pending = eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", fill->owner);
    if (eth_rpc_send(fill->rpc, &batch, &error) ||
        cluster_read_block(&batch.requests[at], &fill->anchor, &error) ||
        !eth_quantity_u64(batch.requests[latest].result, &mined) ||
        !eth_quantity_u64(batch.requests[pending].result, &next))
        fail("chain", &error);
    eth_batch_free(&batch);
    if (mined != next || mined < fill->nonce) return false;
    fill->nonce = next;
    return true;
}

static void await_mined(filler *fill)
{
    uint64_t end = base_now_ms(base_clock_system()) + 10000;
    while (!read_chain(fill)) {
        if (base_now_ms(base_clock_system()) > end) fail("the chain lost transactions", NULL);
        base_wait(base_clock_system(), -1, 2);
    }
}

static void add_peers(filler *fill, unsigned long first, unsigned long count)
{
    eth_batch batch;
    base_error error = {0};
    await_mined(fill);
    eth_rpc_begin(&batch);
    for (unsigned long i = first; i < first + count; i++) {
        uint8_t hash[32];
        eth_keccak256(&i, sizeof i, hash);
        add_mint(fill, &batch, hash);
        add_registration(fill, &batch, hash);
    }
    if (eth_rpc_send(fill->rpc, &batch, &error)) fail("transactions", &error);
    for (size_t i = 0; i < batch.count; i++)
        if (eth_request_check(&batch.requests[i], &error)) fail("transaction", &error);
    eth_batch_free(&batch);
}

int main(int argc, char **argv)
{
    filler fill = {0};
    base_error error = {0};
    if (argc < 5 || eth_rpc_check_urls(argv[1], &error) || !eth_address_parse(argv[2], fill.contract20) ||
        !eth_address_parse(argv[3], fill.owner20)) {
        fprintf(stderr, "usage: bench_fill RPC_URL CONTRACT OWNER COUNT [FIRST]\n");
        return 2;
    }
    unsigned long count = strtoul(argv[4], NULL, 10), first = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
    eth_rpc_config config = {.urls = argv[1], .timeout_ms = 60000, .cancel_fd = -1};
    fill.rpc = eth_rpc_new(&config);
    fill.owner = argv[3];
    development_app_init(&fill.app);
    for (unsigned long done = 0; done < count; done += PEERS_PER_BATCH)
        add_peers(&fill, first + done, count - done < PEERS_PER_BATCH ? count - done : PEERS_PER_BATCH);
    await_mined(&fill);
    eth_rpc_free(fill.rpc);
    return 0;
}
