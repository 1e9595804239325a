/* SPDX-License-Identifier: MIT */
#include "cli/owner/settings.h"

#include "unit.h"

/* The order of the questions, as they are asked. */
enum {
    CHAIN_ID,
    BLOCK,
    BALANCE,
    OWNER,
    PENDING_OWNER,
    KMS_ROOT,
    DEV_MODE,
    LEASE = 13,
    MINT_PRICE = 19,
    QUESTIONS
};

#define WORD_OF(digits) "0x00000000000000000000000000000000000000000000000000000000000000" digits
#define ACCOUNT         "0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"

static json_t *block_answer(void)
{
    return json_pack("{ss ss ss ss}", "number", "0x10", "timestamp", "0x6553f100", "hash",
                     "0x3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3", "baseFeePerGas",
                     "0x7");
}

/* A batch as a node answers it: every number is 1, every switch on. */
static size_t answered(eth_batch *batch)
{
    static const uint8_t contract20[20] = {1};
    eth_batch_init(batch);
    eth_batch_add(batch, "eth_chainId", "[]");
    size_t first = owner_ask_settings(batch, contract20);
    assert_false(batch->failed);
    assert_int_equal(batch->count, QUESTIONS);
    for (size_t i = BLOCK; i < batch->count; i++)
        batch->requests[i].result = i == BLOCK     ? block_answer()
                                    : i == BALANCE ? json_string("0x64")
                                    : i < DEV_MODE ? json_string(ACCOUNT)
                                                   : json_string(WORD_OF("01"));
    return first;
}

static void test_reads_all(void **state)
{
    eth_batch batch;
    owner_settings settings;
    base_error error = {0};
    size_t first = answered(&batch);
    (void)state;
    owner_read_settings(&batch, first, &settings, &error);
    expect_ok(&error);
    assert_int_equal(settings.block.number, 16);
    assert_true(settings.fees == 100);
    assert_hex(settings.owner20, 20, "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    assert_true(settings.dev_mode && settings.bound_urls && settings.paused && settings.require_nft &&
                settings.any_device && settings.require_tcb && settings.public_minting);
    assert_int_equal(settings.lease_seconds, 1);
    assert_int_equal(settings.policy_epoch, 1);
    assert_true(owner_wei(settings.mint_price32) == 1);
    eth_batch_free(&batch);
}

/* Insists that it is refused when this question is answered so. */
static void refuse(size_t question, json_t *answer, int code)
{
    eth_batch batch;
    owner_settings settings;
    base_error error = {0};
    size_t first = answered(&batch);
    json_decref(batch.requests[question].result);
    batch.requests[question].result = answer;
    if (owner_read_settings(&batch, first, &settings, &error) != code)
        fail_msg("question %zu: %d instead of %d: %s", question, error.code, code, error.text);
    eth_batch_free(&batch);
}

static void test_refuses_what_is_none(void **state)
{
    (void)state;
    for (size_t i = OWNER; i < QUESTIONS; i++) {
        refuse(i, json_string("0x"), DSTACK_P2P_ERR_NO_CONTRACT);
        refuse(i, json_string("0x01"), DSTACK_P2P_ERR_OTHER_CONTRACT);
        refuse(i, json_string(WORD_OF("01") "00"), DSTACK_P2P_ERR_OTHER_CONTRACT);
        refuse(i, json_null(), DSTACK_P2P_ERR_RPC_ANSWER);
    }
    refuse(BLOCK, json_null(), DSTACK_P2P_ERR_RPC_ANSWER);
    refuse(BALANCE, json_string("100"), DSTACK_P2P_ERR_RPC_ANSWER);
}

static void test_refuses_what_is_out_of_range(void **state)
{
    static const char large[] = "0x0000000000000000000000000000000000000000000000010000000000000000";
    (void)state;
    refuse(DEV_MODE, json_string(WORD_OF("02")), DSTACK_P2P_ERR_OTHER_CONTRACT);
    refuse(LEASE, json_string(large), DSTACK_P2P_ERR_OTHER_CONTRACT);
    refuse(OWNER,
           json_string("0x01"
                       "0000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
           DSTACK_P2P_ERR_OTHER_CONTRACT);
    refuse(OWNER, json_string(WORD_OF("00")), DSTACK_P2P_ERR_OTHER_CONTRACT);
    refuse(KMS_ROOT, json_string(WORD_OF("00")), DSTACK_P2P_ERR_OTHER_CONTRACT);
    refuse(PENDING_OWNER, json_string(WORD_OF("00")), 0);
    refuse(MINT_PRICE, json_string(large), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_all),
                                       cmocka_unit_test(test_refuses_what_is_none),
                                       cmocka_unit_test(test_refuses_what_is_out_of_range)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
