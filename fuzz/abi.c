/* SPDX-License-Identifier: MIT */

/*
 * Contract data as bytes, the first one choosing what it is taken for: a page of getPeers, the words and the
 * peer of an instance's state, revert data, or anything at all, walked through by the bytes' own program.
 */

#include "base/buf.h"
#include "fuzz.h"
#include "registry/membership.h"
#include "registry/revert.h"

#include <string.h>

enum { DATA_MAX = 1024 * 1024, STATE_WORDS = 9 };

static void check_within(const eth_abi *abi, const uint8_t *at, size_t len)
{
    FUZZ_REQUIRE(!len || (at >= abi->data && at + len <= abi->data + abi->len));
}

/* A request that was answered with these bytes. */
static eth_request answered(const uint8_t *data, size_t len)
{
    eth_request request = {.method = "eth_call", .long_data = base_buf_make(DATA_MAX)};
    FUZZ_REQUIRE(base_buf_append(&request.long_data, data, len));
    return request;
}

static void check_page(const uint8_t *data, size_t len)
{
    eth_request request = answered(data, len);
    registry_page page;
    base_error error = {0};
    size_t read = 0;
    if (!registry_open_page(&request, &page, &error)) {
        FUZZ_REQUIRE(page.count <= page.total && page.count <= len / ETH_ABI_WORD);
        registry_peer peer;
        for (; read < page.count && !registry_next_peer(&page, &peer, &error); read++) {
            FUZZ_REQUIRE(peer.url_len && peer.url_len <= REGISTRY_URL_MAX);
            check_within(&page.items, (const uint8_t *)peer.url, peer.url_len);
        }
    }
    FUZZ_REQUIRE((error.code == 0) == (error.text[0] == '\0') && fuzz_is_printable(error.text));
    registry_close_page(&page);
    base_buf_free(&request.long_data);
}

/* Nine words, then what getPeer answers. */
static void check_state(const uint8_t *data, size_t len)
{
    eth_batch batch;
    registry_state state;
    base_error error = {0};
    eth_batch_init(&batch);
    fuzz_input input = {data, len};
    for (batch.count = 0; batch.count < STATE_WORDS; batch.count++) {
        uint8_t word[ETH_ABI_WORD];
        fuzz_fill(&input, word, sizeof word);
        batch.requests[batch.count] = answered(word, sizeof word);
    }
    batch.requests[batch.count++] = answered(input.data, input.len);
    if (!registry_read_state(&batch, (registry_state_query){.first = 0}, &state, &error))
        FUZZ_REQUIRE(strlen(state.url) == state.peer.url_len && fuzz_is_printable(state.url));
    FUZZ_REQUIRE(fuzz_is_printable(error.text));
    eth_batch_free(&batch);
}

static void check_revert(const uint8_t *data, size_t len)
{
    base_error error = {0};
    int code = registry_explain_revert(data, len, &error);
    FUZZ_REQUIRE(code && code == error.code && error.text[0] && fuzz_is_printable(error.text));
    registry_revert_is_stale(data, len);
}

static void check_dead(eth_abi *abi)
{
    static const uint8_t zero[ETH_ABI_WORD];
    size_t len;
    FUZZ_REQUIRE(!memcmp(eth_abi_word(abi), zero, sizeof zero) && !eth_abi_u64(abi) && !eth_abi_bool(abi));
    eth_abi_bytes(abi, SIZE_MAX, &len);
    FUZZ_REQUIRE(len == 0 && abi->bad);
}

static void step(eth_abi *abi, uint8_t op, size_t max)
{
    uint8_t bytes[20];
    size_t len = 0;
    eth_abi part = *abi;
    if (op % 8 == 0) eth_abi_u64(abi);
    if (op % 8 == 1) eth_abi_bool(abi);
    if (op % 8 == 2) eth_abi_address(abi, bytes);
    if (op % 8 == 3) eth_abi_bytes20(abi, bytes);
    if (op % 8 == 4) {
        const uint8_t *at = eth_abi_bytes(abi, max, &len);
        FUZZ_REQUIRE(len <= max);
        check_within(abi, at, len);
    }
    if (op % 8 == 5) {
        part = eth_abi_array(abi, max, &len);
        FUZZ_REQUIRE(len <= max);
    }
    if (op % 8 == 6) part = eth_abi_tuple(abi);
    if (op % 8 == 7) check_within(abi, eth_abi_word(abi), abi->bad ? 0 : ETH_ABI_WORD);
    if (op % 8 == 5 || op % 8 == 6) {
        eth_abi_join(abi, &part);
        *abi = part;
    }
}

/* The first byte of the rest is the program's length; each step may descend and none comes back. */
static void check_walk(const uint8_t *data, size_t len)
{
    fuzz_input program = {data, len};
    size_t steps = fuzz_byte(&program);
    if (steps > program.len / 2) steps = program.len / 2;
    eth_abi abi = eth_abi_open(program.data + 2 * steps, program.len - 2 * steps);
    for (size_t i = 0; i < steps; i++) {
        bool was_bad = abi.bad;
        step(&abi, program.data[2 * i], program.data[2 * i + 1]);
        FUZZ_REQUIRE(abi.bad || !was_bad);
        if (abi.bad) check_dead(&abi);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t kind = fuzz_byte(&input);
    size_t len = input.len;
    uint8_t *bytes = fuzz_bytes(&input, &len);
    if (kind % 4 == 0) check_page(bytes, len);
    if (kind % 4 == 1) check_state(bytes, len);
    if (kind % 4 == 2) check_revert(bytes, len);
    if (kind % 4 == 3) check_walk(bytes, len);
    free(bytes);
    return 0;
}
