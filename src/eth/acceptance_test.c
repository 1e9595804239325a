/* SPDX-License-Identifier: MIT */
#include "eth/acceptance.h"

#include "unit.h"

#include <stdio.h>

typedef struct sample {
    int code;
    const char *message;
    eth_acceptance expected;
} sample;

static const sample samples[] = {
    {-32000, "already known", ETH_TX_TAKEN},
    {-32000, "AlreadyKnown", ETH_TX_TAKEN},
    {-32010, "Transaction with the same hash was already imported.", ETH_TX_TAKEN},
    {-32000, "Known transaction", ETH_TX_TAKEN},
    {-32000, "transaction already imported", ETH_TX_TAKEN},
    {4, "the transaction was added but not mined in time", ETH_TX_TAKEN},
    {5, "not ready", ETH_TX_TAKEN},
    {-32000, "request timed out", ETH_TX_TAKEN},
    {-32601, "whatever", ETH_TX_UNKNOWN_METHOD},
    {-32600, "the method eth_sendRawTransaction does not exist/is not available", ETH_TX_UNKNOWN_METHOD},
    {-32004, "Method not supported", ETH_TX_UNKNOWN_METHOD},
    {-32000, "this RPC method is not allowed", ETH_TX_UNKNOWN_METHOD},
    {-32000, "transaction type not supported", ETH_TX_REFUSED},
    {-32000, "replacement transaction underpriced", ETH_TX_REPLACES},
    {-32000, "nonce too low: next nonce 8, tx nonce 7", ETH_TX_NONCE_USED},
    {-32003, "nonce is too low", ETH_TX_NONCE_USED},
    {-32010, "OldNonce", ETH_TX_NONCE_USED},
    {-32000, "insufficient funds for gas * price + value: balance 0, tx cost 1", ETH_TX_NO_FUNDS},
    {-32003, "Insufficient balance", ETH_TX_NO_FUNDS},
    {-32000, "intrinsic gas too low", ETH_TX_REFUSED},
    {-32005, "limit exceeded", ETH_TX_REFUSED},
    {-32000, "", ETH_TX_REFUSED},
};

static void test_words_of_nodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        eth_request request = {.has_error = true, .error_code = samples[i].code};
        snprintf(request.error_message, sizeof request.error_message, "%s", samples[i].message);
        if (eth_request_acceptance(&request) != samples[i].expected) fail_msg("'%s'", samples[i].message);
    }
}

static void test_no_error(void **state)
{
    (void)state;
    assert_int_equal(eth_request_acceptance(&(eth_request){0}), ETH_TX_TAKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_of_nodes),
                                       cmocka_unit_test(test_no_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
