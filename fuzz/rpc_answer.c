/* SPDX-License-Identifier: MIT */

/*
 * A node's answer to a batch, the first byte choosing which batch was asked. Each request is answered with a
 * result or an error and never both, an answer that was cut is never taken for a whole one, and whatever was
 * taken is then read as the SDK reads it.
 */

#include "base/hex.h"
#include "cluster/block.h"
#include "cluster/receipt.h"
#include "eth/quantity.h"
#include "eth/refusal.h"
#include "fuzz.h"
#include "registry/membership.h"

#include <string.h>

static const uint8_t contract20[20] = {0x5f, 0xbd}, id20[20] = {0x16, 0x91, 0xed, 0x1b};
static const char url[] = "https://1691ed1b.gateway.example.com";

/* A batch that the SDK sends, and what it does with the answers. */
typedef struct question {
    void (*ask)(eth_batch *batch);
    void (*read)(const eth_batch *batch);
} question;

static cluster_ledger ledger(void)
{
    cluster_ledger last = {.live = true,
                           .versions = 1,
                           .fees = {.gas_limit = 300000, .max_fee = 1000000000, .most = 300000000000000}};
    memset(last.hashes32[0], 0x11, sizeof last.hashes32[0]);
    return last;
}

static void check_sentence(int code, const base_error *error)
{
    FUZZ_REQUIRE(code == error->code && (code == 0) == (error->text[0] == '\0'));
    FUZZ_REQUIRE(fuzz_is_printable(error->text));
}

static void ask_number(eth_batch *batch)
{
    eth_batch_add(batch, "eth_blockNumber", "[]");
}

static void read_number(const eth_batch *batch)
{
    uint64_t number;
    eth_quantity_u64(batch->requests[0].result, &number);
    eth_request_refusal(&batch->requests[0]);
}

static void ask_five(eth_batch *batch)
{
    for (int i = 0; i < 5; i++)
        ask_number(batch);
}

static void ask_page(eth_batch *batch)
{
    cluster_ask_block(batch, "latest");
    registry_ask_page(batch, contract20, 0, 2000, "latest");
    registry_ask_version(batch, contract20, "latest");
}

static void read_peers(registry_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        registry_peer peer;
        base_error error = {0};
        int code = registry_next_peer(page, &peer, &error);
        check_sentence(code, &error);
        if (code) return;
        FUZZ_REQUIRE(peer.url_len && peer.url_len <= REGISTRY_URL_MAX);
    }
}

static void read_page(const eth_batch *batch)
{
    cluster_block block;
    registry_page page;
    uint64_t version;
    base_error errors[3] = {{0}};
    check_sentence(cluster_read_block(&batch->requests[0], &block, &errors[0]), &errors[0]);
    int code = registry_open_page(&batch->requests[1], &page, &errors[1]);
    check_sentence(code, &errors[1]);
    if (!code) read_peers(&page);
    registry_close_page(&page);
    check_sentence(registry_read_version(&batch->requests[2], &version, &errors[2]), &errors[2]);
}

static void ask_state(eth_batch *batch)
{
    registry_ask_state(batch, contract20, id20, id20, url);
}

static void read_state(const eth_batch *batch)
{
    registry_state state;
    base_error error = {0};
    registry_state_query query = {.first = 0, .asked_base = true};
    int code = registry_read_state(batch, query, &state, &error);
    check_sentence(code, &error);
    if (!code) FUZZ_REQUIRE(strlen(state.url) == state.peer.url_len && fuzz_is_printable(state.url));
}

static void ask_receipt(eth_batch *batch)
{
    cluster_ledger last = ledger();
    cluster_ask_receipts(batch, &last);
}

static void read_receipt(const eth_batch *batch)
{
    cluster_ledger last = ledger();
    cluster_receipt receipt;
    base_error error = {0};
    int code = cluster_read_receipts(batch, 0, &last, &receipt, &error);
    check_sentence(code, &error);
    if (code || !receipt.mined) return;
    FUZZ_REQUIRE(receipt.gas_used <= last.fees.gas_limit && receipt.cost <= 2 * last.fees.most);
}

static const question questions[] = {
    {ask_number, read_number}, {ask_five, read_number},     {ask_page, read_page},
    {ask_state, read_state},   {ask_receipt, read_receipt},
};

static int read_all(eth_batch *batch, const char *text, size_t len)
{
    base_error error = {0};
    eth_batch_forget_answers(batch);
    int code = eth_batch_read(batch, 0, batch->count, text, len, &error);
    check_sentence(code, &error);
    for (size_t i = 0; i < batch->count; i++) {
        const eth_request *request = &batch->requests[i];
        FUZZ_REQUIRE(!request->result || !request->has_error);
        FUZZ_REQUIRE(code || request->result || request->has_error);
        FUZZ_REQUIRE(!request->has_error || fuzz_is_printable(request->error_message));
    }
    return code;
}

/* An answer that is good is good for nothing when its end is missing, wherever it was cut. */
static void check_cuts(eth_batch *batch, const char *text, size_t len, uint8_t where)
{
    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    FUZZ_REQUIRE(len && read_all(batch, text, len - 1));
    FUZZ_REQUIRE(read_all(batch, text, len * where / 256));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    const question *asked = &questions[fuzz_byte(&input) % (sizeof questions / sizeof *questions)];
    uint64_t next_id = 1;
    eth_batch batch;
    base_buf out = base_buf_make(64 * 1024);
    size_t len = input.len;
    char *text = (char *)fuzz_bytes(&input, &len);
    eth_batch_init(&batch);
    asked->ask(&batch);
    FUZZ_REQUIRE(eth_batch_write(&batch, 0, batch.count, &next_id, &out));
    if (!read_all(&batch, text, len)) {
        asked->read(&batch);
        check_cuts(&batch, text, len, (uint8_t)text[len / 2]);
    }
    eth_batch_free(&batch);
    base_buf_free(&out);
    free(text);
    return 0;
}
