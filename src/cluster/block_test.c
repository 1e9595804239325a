/* SPDX-License-Identifier: MIT */
#include "cluster/block.h"

#include "unit.h"

#define HASH "0x2222222222222222222222222222222222222222222222222222222222222222"

static int read_text(const char *text, cluster_block *block, base_error *error)
{
    eth_batch batch;
    eth_batch_init(&batch);
    size_t at = cluster_ask_block(&batch, "latest");
    batch.requests[at].result = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(batch.requests[at].result);
    int code = cluster_read_block(&batch.requests[at], block, error);
    eth_batch_free(&batch);
    return code;
}

static void test_block(void **state)
{
    cluster_block block;
    base_error error = {0};
    (void)state;
    read_text("{\"number\":\"0x1b4\",\"timestamp\":\"0x6553f100\",\"hash\":\"" HASH
              "\",\"baseFeePerGas\":\"0x3b9aca00\",\"transactions\":[]}",
              &block, &error);
    expect_ok(&error);
    assert_int_equal(block.number, 436);
    assert_int_equal(block.time, 1700000000);
    assert_hex(block.hash32, 32, HASH);
    assert_true(block.has_base_fee && block.base_fee == 1000000000);
}

static void test_block_without_base_fee(void **state)
{
    cluster_block block;
    base_error error = {0};
    (void)state;
    read_text("{\"number\":\"0x0\",\"timestamp\":\"0x0\",\"hash\":\"" HASH "\"}", &block, &error);
    expect_ok(&error);
    assert_false(block.has_base_fee);
}

static void test_no_blocks(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"0x1\"",
        "7",
        "{\"timestamp\":\"0x1\",\"hash\":\"" HASH "\"}",
        "{\"number\":\"0x1\",\"hash\":\"" HASH "\"}",
        "{\"number\":\"0x1\",\"timestamp\":\"0x1\"}",
        "{\"number\":1,\"timestamp\":\"0x1\",\"hash\":\"" HASH "\"}",
        "{\"number\":null,\"timestamp\":\"0x1\",\"hash\":\"" HASH "\"}",
        "{\"number\":\"0x10000000000000000\",\"timestamp\":\"0x1\",\"hash\":\"" HASH "\"}",
        "{\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":\"" HASH "00\"}",
        "{\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":null}",
        "{\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":\"" HASH "\",\"baseFeePerGas\":null}",
        "{\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":\"" HASH "\",\"baseFeePerGas\":\"1\"}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        cluster_block block;
        base_error error = {0};
        if (read_text(texts[i], &block, &error) != DSTACK_P2P_ERR_RPC_ANSWER)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void test_block_that_is_not_there(void **state)
{
    cluster_block block;
    base_error error = {0};
    (void)state;
    read_text("null", &block, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "latest");
}

static void test_refused(void **state)
{
    cluster_block block;
    base_error error = {0};
    eth_request answer = {
        .method = "eth_getBlockByNumber", .has_error = true, .error_code = -32000, .error_message = "pruned"};
    (void)state;
    cluster_read_block(&answer, &block, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ERROR, "pruned");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),     cmocka_unit_test(test_block_without_base_fee),
        cmocka_unit_test(test_no_blocks), cmocka_unit_test(test_block_that_is_not_there),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
