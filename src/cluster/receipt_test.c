/* SPDX-License-Identifier: MIT */
#include "cluster/receipt.h"

#include "unit.h"

#include <stdio.h>

#define HASH "1111111111111111111111111111111111111111111111111111111111111111"

/* A transaction of 200,000 gas at 100 wei at most. */
static cluster_ledger ledger_of_one(void)
{
    cluster_ledger ledger = {
        .live = true, .versions = 1, .fees = {.gas_limit = 200000, .max_fee = 100, .most = 20000000}};
    memset(ledger.hashes32[0], 0x11, 32);
    return ledger;
}

static const char *const good[] = {"transactionHash",   ("0x" HASH), "status",  "0x1",
                                   "blockNumber",       "0x10",      "gasUsed", "0x186a0",
                                   "effectiveGasPrice", "0x32"};

/* The good receipt with one member replaced, or left out. */
static int read_with(const char *name, const char *value, cluster_receipt *receipt, base_error *error)
{
    cluster_ledger ledger = ledger_of_one();
    json_t *json = json_object();
    for (size_t i = 0; i < COUNT(good); i += 2)
        json_object_set_new(json, good[i], json_string(good[i + 1]));
    if (name && value) json_object_set_new(json, name, json_string(value));
    if (name && !value) json_object_del(json, name);
    int code = cluster_read_receipt(json, &ledger, 0, receipt, error);
    json_decref(json);
    return code;
}

static void test_mined(void **state)
{
    base_error error = {0};
    cluster_receipt receipt;
    (void)state;
    read_with(NULL, NULL, &receipt, &error);
    expect_ok(&error);
    assert_true(receipt.mined && receipt.succeeded);
    assert_int_equal(receipt.block_number, 16);
    assert_int_equal(receipt.gas_used, 100000);
    assert_true(receipt.cost == 5000000);
    read_with("status", "0x0", &receipt, &error);
    expect_ok(&error);
    assert_true(receipt.mined && !receipt.succeeded);
}

static void test_not_mined(void **state)
{
    base_error error = {0};
    cluster_receipt receipt = {.mined = true};
    cluster_ledger ledger = ledger_of_one();
    (void)state;
    assert_int_equal(cluster_read_receipt(json_null(), &ledger, 0, &receipt, &error), 0);
    assert_false(receipt.mined);
}

static void test_receipts_not_believed(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {{"transactionHash", NULL},
                 {"transactionHash", "0x"},
                 {"transactionHash", "0x2111111111111111111111111111111111111111111111111111111111111111"},
                 {"status", NULL},
                 {"status", "0x2"},
                 {"status", "1"},
                 {"blockNumber", NULL},
                 {"blockNumber", "0x10000000000000000"},
                 {"gasUsed", NULL},
                 {"gasUsed", "0x0"},
                 {"gasUsed", "0x5207"},  /* 20,999 */
                 {"gasUsed", "0x30d41"}, /* 200,001 */
                 {"effectiveGasPrice", NULL},
                 {"effectiveGasPrice", "0x65"}, /* 101 */
                 {"effectiveGasPrice", "0xffffffffffffffffffffffffffffffffffffffff"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        base_error error = {0};
        cluster_receipt receipt;
        if (!read_with(cases[i].name, cases[i].value, &receipt, &error))
            fail_msg("believed: %s %s", cases[i].name, cases[i].value ? cases[i].value : "missing");
        assert_false(receipt.mined);
        expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "receipt");
    }
}

static void test_other_types(void **state)
{
    json_t *values[] = {json_true(), json_string("0x1"), json_integer(1), json_array(), json_object()};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        base_error error = {0};
        cluster_receipt receipt;
        cluster_ledger ledger = ledger_of_one();
        cluster_read_receipt(values[i], &ledger, 0, &receipt, &error);
        expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "receipt");
        json_decref(values[i]);
    }
}

static void test_limits_are_allowed(void **state)
{
    base_error error = {0};
    cluster_receipt receipt;
    (void)state;
    read_with("gasUsed", "0x30d40", &receipt, &error);
    expect_ok(&error);
    read_with("gasUsed", "0x5208", &receipt, &error);
    expect_ok(&error);
    read_with("effectiveGasPrice", "0x64", &receipt, &error);
    expect_ok(&error);
    assert_true(receipt.cost == 10000000);
    read_with("effectiveGasPrice", "0x0", &receipt, &error);
    expect_ok(&error);
    assert_true(receipt.cost == 0);
}

/* The fee for data on the parent chain counts, within bounds. */
static void test_data_fee(void **state)
{
    static const struct {
        const char *fee;
        eth_wei cost;
    } cases[] = {{"0x0", 5000000},        {"0x7", 5000007},
                 {"0x1312d00", 25000000}, /* 20,000,000: as much as the rest could have cost */
                 {"0x1312d01", 25000000}, {"0xffffffffffffffffffffffffffffffffffffffff", 25000000},
                 {"nonsense", 5000000}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        base_error error = {0};
        cluster_receipt receipt;
        read_with("l1Fee", cases[i].fee, &receipt, &error);
        expect_ok(&error);
        assert_true(receipt.cost == cases[i].cost);
    }
}

#define HASH2 "2222222222222222222222222222222222222222222222222222222222222222"

/* Two versions: both are asked for, and the one that was mined is found, whichever it is. */
static void test_all_versions(void **state)
{
    (void)state;
    for (size_t mined = 0; mined < 2; mined++) {
        eth_batch batch;
        cluster_receipt receipt;
        base_error error = {0};
        cluster_ledger ledger = ledger_of_one();
        ledger.versions = 2;
        memset(ledger.hashes32[1], 0x22, 32);
        eth_batch_init(&batch);
        assert_int_equal(cluster_ask_receipts(&batch, &ledger), 0);
        assert_int_equal(batch.count, 2);
        for (size_t i = 0; i < 2; i++) {
            assert_string_equal(batch.requests[i].method, "eth_getTransactionReceipt");
            assert_string_equal(batch.requests[i].params.data, i ? "[\"0x" HASH2 "\"]" : "[\"0x" HASH "\"]");
            batch.requests[i].result =
                i == mined ? json_pack("{ssssssssss}", "transactionHash", i ? "0x" HASH2 : "0x" HASH,
                                       "status", "0x1", "blockNumber", "0x10", "gasUsed", "0x186a0",
                                       "effectiveGasPrice", "0x32")
                           : json_null();
        }
        cluster_read_receipts(&batch, 0, &ledger, &receipt, &error);
        expect_ok(&error);
        assert_true(receipt.mined);
        assert_int_equal(receipt.version, mined);
        eth_batch_free(&batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mined),
        cmocka_unit_test(test_not_mined),
        cmocka_unit_test(test_receipts_not_believed),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_limits_are_allowed),
        cmocka_unit_test(test_data_fee),
        cmocka_unit_test(test_all_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
