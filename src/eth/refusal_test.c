/* SPDX-License-Identifier: MIT */
#include "eth/refusal.h"

#include "unit.h"

#include <stdio.h>

/* As nodes and gateways were seen to answer. */
static const struct {
    int64_t code;
    const char *message;
    eth_refusal refusal;
} refusals[] = {
    {-32000, "out of gas", ETH_TOO_MUCH},
    {-32000, "err: out of gas (supplied gas 50000000)", ETH_TOO_MUCH},
    {-32000, "gas required exceeds allowance (50000000)", ETH_TOO_MUCH},
    {-32603, "EVM error OutOfGas", ETH_TOO_MUCH},
    {-32603, "EVM error MemoryOOG", ETH_TOO_MUCH},
    {-32015, "VM execution error. (Out of gas)", ETH_TOO_MUCH},
    {-32000, "execution aborted (timeout = 5s)", ETH_TOO_MUCH},
    {-32002, "request timed out", ETH_TOO_MUCH},
    {-32000, "context deadline exceeded", ETH_TOO_MUCH},
    {30, "Request timeout on the free tier, please upgrade your tier to the paid one", ETH_TOO_MUCH},
    {-32003, "response too large", ETH_TOO_MUCH},
    {-32008, "Response is too big (Exceeded max limit of 167772160)", ETH_TOO_MUCH},
    {-32005, "Response size should not be greater than 10000000 bytes", ETH_TOO_MUCH},
    {-32005, "query returned more than 10000 results. Try with this block range [0x1, 0x2].", ETH_TOO_MUCH},
    {-32602, "query exceeds max results 20000, retry with the range 1-2", ETH_TOO_MUCH},
    {-32602, "query exceeds max block range 100000", ETH_TOO_MUCH},
    {-32600, "You can make eth_getLogs requests with up to a 10 block range", ETH_TOO_MUCH},
    {-32614, "eth_getLogs is limited to a 10,000 range", ETH_TOO_MUCH},
    {-32005, "eth_getLogs is limited to 0 - 2000 blocks range", ETH_TOO_MUCH},
    {-32000, "exceed maximum block range: 5000", ETH_TOO_MUCH},
    {-32000, "Block range is too large", ETH_TOO_MUCH},
    {-32602, "maximum [from, to] blocks distance: 1000", ETH_TOO_MUCH},
    {35, "ranges over 10000 blocks are not supported on freetier", ETH_TOO_MUCH},
    {-32000, "requested too many blocks from 1 to 9000, maximum is set to 2048", ETH_TOO_MUCH},
    {-32000, "block range extends beyond current head block", ETH_NO_STATE},

    {-32000, "header not found", ETH_NO_STATE},
    {-32000, "Unknown block", ETH_NO_STATE},
    {-32000, "missing trie node 288259a5 (path )", ETH_NO_STATE},
    {-32000, "required historical state unavailable (reexec=128)", ETH_NO_STATE},
    {-32000, "World state unavailable", ETH_NO_STATE},
    {-32002, "No state available for block 0x3f9e", ETH_NO_STATE},
    {-32000, "hash 3f9e is not currently canonical", ETH_NO_STATE},
    {-32602, "BlockOutOfRangeError: block height is 9 but requested was 1048575", ETH_NO_STATE},
    {-32000, "This request is not supported because your node is running with state pruning", ETH_NO_STATE},
    {-32001, "Resource not found", ETH_NO_STATE},
    {-32601, "public endpoint only serves recent blocks (last 1024)", ETH_NO_STATE},

    {429, "Your app has exceeded its compute units per second capacity", ETH_REFUSED},
    {429, "response too large", ETH_REFUSED},
    {-32005, "limit exceeded", ETH_REFUSED},
    {-32005, "daily request count exceeded, request rate limited", ETH_REFUSED},
    {-32000, "Too Many Requests: out of credits, requests time out", ETH_REFUSED},
    {-32601, "the method eth_call does not exist/is not available", ETH_REFUSED},
    {-32602, "invalid argument 0: hex string has odd length", ETH_REFUSED},
    {-32603, "internal error", ETH_REFUSED},
    {0, "", ETH_REFUSED},

    {3, "execution reverted", ETH_BARE_REVERT},
    {-32000, "execution reverted", ETH_BARE_REVERT},
    {-32015, "VM execution error. (Reverted 0x)", ETH_BARE_REVERT},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        eth_request request = {.has_error = true, .error_code = refusals[i].code};
        snprintf(request.error_message, sizeof request.error_message, "%s", refusals[i].message);
        eth_refusal refusal = eth_request_refusal(&request);
        if (refusal != refusals[i].refusal) fail_msg("%d for %s", (int)refusal, refusals[i].message);
    }
}

static void test_reason_of_a_revert(void **state)
{
    eth_request request = {.has_error = true, .error_code = 3, .error_data = base_buf_make(4)};
    (void)state;
    base_buf_append(&request.error_data, "\x08\xc3\x79\xa0", 4);
    assert_int_equal(eth_request_refusal(&request), ETH_REFUSED);
    base_buf_free(&request.error_data);
}

static void test_no_refusal(void **state)
{
    eth_request request = {.error_code = 3, .error_message = "out of gas"};
    (void)state;
    assert_int_equal(eth_request_refusal(&request), ETH_NOT_REFUSED);
}

static const struct {
    int64_t code;
    const char *method, *message;
    bool limited;
} limits[] = {
    {429, "eth_call", "", true},
    {429, "eth_getLogs", "response too large", true},
    {-32005, "eth_call", "limit exceeded", true},
    {-32005, "eth_getBalance", "daily request count exceeded, request rate limited", true},
    {-32005, "eth_getLogs", "daily request count exceeded, request rate limited", true},
    {-32005, "eth_getLogs", "query returned more than 10000 results", false},
    {-32005, "eth_getLogs", "limit exceeded", false},
    {-32005, "eth_call", "Response size should not be greater than 10000000 bytes", false},
    {-32000, "eth_call", "execution reverted: too many requests", false},
    {0, "eth_call", "", false},
};

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        eth_request request = {.has_error = true, .method = limits[i].method, .error_code = limits[i].code};
        snprintf(request.error_message, sizeof request.error_message, "%s", limits[i].message);
        if (eth_request_is_limited(&request) != limits[i].limited) fail_msg("%s", limits[i].message);
        request.has_error = false;
        assert_false(eth_request_is_limited(&request));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_reason_of_a_revert),
        cmocka_unit_test(test_no_refusal),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
