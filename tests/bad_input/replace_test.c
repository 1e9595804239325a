/* SPDX-License-Identifier: MIT */

/* A transaction that nobody mines: replaced by one that pays more, a few times, within the ceilings. */

#include "bad_input/world.h"

#include <stdio.h>
#include <string.h>

#define GWEI UINT64_C(1000000000)

/* Of a first transaction: the tip, and twice the base fee with it. */
enum { FIRST_TIP_GWEI = 1, FIRST_FEE_GWEI = 3, FIRST_NONCE = 7 };

/* A node with a real one's pool, and three blocks without us whenever one looks. */
static fake_node_state *slow_node(world *w)
{
    fake_node_state *node = world_node(w);
    node->has_pool = true;
    node->blocks_while_pending = 3;
    return node;
}

/* All that was taken has one nonce, the fees rise as nodes demand it, and each statement is a new one. */
static void assert_replacements(const fake_node_state *node, unsigned count)
{
    assert_int_equal(node->taken, count);
    assert_int_equal(node->took[0].max_fee, FIRST_FEE_GWEI * GWEI);
    assert_int_equal(node->took[0].tip, FIRST_TIP_GWEI * GWEI);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(node->took[i].nonce, FIRST_NONCE);
    for (unsigned i = 1; i < count; i++) {
        const fake_taken *before = &node->took[i - 1], *after = &node->took[i];
        assert_true(8 * after->max_fee >= 9 * before->max_fee && 8 * after->tip >= 9 * before->tip);
        assert_in_range(after->anchor - before->anchor, 3, 20);
    }
}

static void replaced_until_it_is_mined(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->mines_from_fee = 4 * GWEI; /* 3, 3.375, 3.797, 4.271 */
    node->gas_price = 1 * GWEI;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_replacements(node, 4);
    assert_int_equal(node->registrations, 1);
    assert_string_equal(node->listed_url, URL);
    assert_logged(w, "replacing the transaction with nonce 7: up to 3.375000001 gwei per gas");
}

static void replaced_five_times_at_most(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->outcome = NODE_NEVER_MINED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    assert_replacements(node, 6);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    assert_replacements(node, 6);
}

/* Its statement is worthless by then: another one has to be made, whatever that costs within the ceilings. */
static void replaced_once_more_when_its_statement_ends(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->outcome = NODE_NEVER_MINED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    node->block_number += 300;
    node->outcome = NODE_MINED;
    node->gas_price = 1 * GWEI;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(node->taken, 7);
    assert_int_equal(node->last_nonce, FIRST_NONCE);
    assert_int_equal(node->registrations, 1);
}

/* Whichever of them is mined, it is found. */
static void earlier_version_is_mined(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->mines_first_at = 3;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_replacements(node, 3);
    assert_true(node->took[0].mined);
    assert_int_equal(node->registrations, 1);
    assert_string_equal(node->listed_url, URL);
}

static void earlier_version_is_mined_and_fails(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->mines_first_at = 2;
    node->outcome = NODE_REVERTED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_REVERTED, "an earlier one");
    assert_int_equal(node->taken, 2);
    assert_int_equal(node->replays, 0);
}

/* ---- Ceilings ---- */

/* One transaction leaves, and none that replaces it; why is said. */
static void assert_not_replaced(world *w, const char *why)
{
    fake_node_state *node = slow_node(w);
    node->outcome = NODE_NEVER_MINED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x",
                "in no block yet; it is not replaced: ", why);
    assert_replacements(node, 1);
}

static void fee_ceiling_stops_it(void **state)
{
    world *w = *state;
    w->options.max_fee_per_gas = FIRST_FEE_GWEI * GWEI;
    assert_not_replaced(w, "(max_fee_per_gas)");
}

static void tip_ceiling_stops_it(void **state)
{
    world *w = *state;
    w->options.max_priority_fee_per_gas = FIRST_TIP_GWEI * GWEI;
    assert_not_replaced(w, "a tip of 1.125000001 gwei, more than the ceiling of 1 gwei");
}

static void spend_ceiling_stops_it(void **state)
{
    world *w = *state;
    w->options.max_fee_per_day = 600000 * GWEI; /* the first one can cost 570,000 gwei */
    assert_not_replaced(w, "(max_fee_per_day)");
}

static void balance_stops_it(void **state)
{
    world *w = *state;
    world_node(w)->balance = 600000 * GWEI;
    assert_not_replaced(w, "has 0.0006 ether");
}

static void raised_within_the_ceiling_only(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->outcome = NODE_NEVER_MINED;
    w->options.max_fee_per_gas = 4 * GWEI; /* two replacements */
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "(max_fee_per_gas)");
    assert_replacements(node, 3);
    assert_true(node->took[2].max_fee <= 4 * GWEI);
}

/* It was mined after all, while it could not be replaced. */
static void mined_after_all(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->sync_without_answer = true;
    node->receipt_after = 5;
    w->options.confirm_timeout_ms = 20000;
    w->options.max_fee_per_gas = FIRST_FEE_GWEI * GWEI;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_replacements(node, 1);
}

/* ---- What nodes say ---- */

/* The node has one that pays more than we know of: each time it says so the offer rises. */
static void underpriced_is_raised(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->outcome = NODE_NEVER_MINED;
    node->has_pool = true;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    node->outcome = NODE_MINED;
    node->gas_price = 1 * GWEI;
    node->rules[0] = (fake_rule){.method = "eth_sendRawTransactionSync",
                                 .code = -32000,
                                 .message = "replacement transaction underpriced",
                                 .times = 2};
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 4);
    assert_int_equal(node->taken, 2);
    assert_in_range(node->took[1].max_fee, 4271 * (GWEI / 1000), 4280 * (GWEI / 1000)); /* 1.125^3 */
    assert_string_equal(node->listed_url, "");
}

/* The same call again within three blocks: the same transaction again, which the node knows. */
static void already_known_is_success(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->has_pool = true;
    node->mines_from_fee = (FIRST_FEE_GWEI + 1) * GWEI / 10 * 8; /* 3.2 gwei */
    node->gas_price = 1 * GWEI;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    assert_sends(w, 1);
    node->blocks_while_pending = 1;
    w->options.confirm_timeout_ms = 20000;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 3); /* the same, and a better one */
    assert_replacements(node, 2);
    assert_int_equal(node->registrations, 1);
}

/* Somebody else with our key used the nonce: another one is taken. */
static void nonce_is_used_up(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->has_pool = true;
    node->outcome = NODE_NEVER_MINED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    node->mined_nonce = node->nonce = FIRST_NONCE + 1;
    node->outcome = NODE_MINED;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(node->last_nonce, FIRST_NONCE + 1);
    assert_int_equal(node->registrations, 1);
}

/* The same while it is waited for. */
static void *use_nonce_up(void *context)
{
    world *w = context;
    for (bool done = false; !done; sleep_ms(5)) {
        fake_node_state *node = fake_node_lock(w->node);
        done = node->taken;
        if (done) {
            node->mined_nonce = node->nonce;
            node->outcome = NODE_MINED;
        }
        fake_node_unlock(w->node);
    }
    return NULL;
}

static void nonce_is_used_up_while_waiting(void **state)
{
    pthread_t thread;
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    w->options.confirm_timeout_ms = 20000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(pthread_create(&thread, NULL, use_nonce_up, w), 0);
    int code = dstack_p2p_register(w->sdk);
    pthread_join(thread, NULL);
    assert_int_equal(code, DSTACK_P2P_OK);
    assert_int_equal(world_node(w)->taken, 2);
    assert_int_equal(world_node(w)->last_nonce, FIRST_NONCE + 1);
    assert_int_equal(world_node(w)->registrations, 1);
}

static void *refuse_replacements(void *context)
{
    world *w = context;
    for (bool done = false; !done; sleep_ms(5)) {
        fake_node_state *node = fake_node_lock(w->node);
        done = node->taken;
        if (done) {
            node->rules[0] = (fake_rule){
                .method = "eth_sendRawTransactionSync", .code = -32003, .message = "limit exceeded"};
            node->blocks_while_pending = 3;
        }
        fake_node_unlock(w->node);
    }
    return NULL;
}

/* It takes no replacement: the one before is waited for all the same. */
static void replacement_is_refused(void **state)
{
    pthread_t thread;
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    w->options.confirm_timeout_ms = 3000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(pthread_create(&thread, NULL, refuse_replacements, w), 0);
    int code = dstack_p2p_register(w->sdk);
    pthread_join(thread, NULL);
    ASSERT_CODE(w, code, DSTACK_P2P_ERR_UNCONFIRMED, "it is not replaced: ", "limit exceeded");
    assert_sends(w, 2);
}

/* The node fails just when another look is due: what is on its way stays on its way. */
static void node_fails_when_a_replacement_is_due(void **state)
{
    world *w = *state;
    fake_node_state *node = slow_node(w);
    node->mines_from_fee = FIRST_FEE_GWEI * GWEI + 1;
    node->gas_price = 1 * GWEI;
    node->rules[0] = (fake_rule){.method = "eth_getBalance", .result = "\"nonsense\"", .times = 2};
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_RPC_ANSWER, "balance is malformed");
    assert_sends(w, 0);
    w->options.confirm_timeout_ms = 20000;
    world_open(w, FAKE_CONTRACT, URL);
    node->rules[0] = (fake_rule){.method = "eth_getBalance", .result = "\"0xde0b6b3a7640000\"", .times = 1};
    node->rules[1] = (fake_rule){.method = "eth_getBalance", .result = "\"nonsense\"", .times = 1};
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_replacements(node, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(replaced_until_it_is_mined),
                                       TEST(replaced_five_times_at_most),
                                       TEST(replaced_once_more_when_its_statement_ends),
                                       TEST(earlier_version_is_mined),
                                       TEST(earlier_version_is_mined_and_fails),
                                       TEST(fee_ceiling_stops_it),
                                       TEST(tip_ceiling_stops_it),
                                       TEST(spend_ceiling_stops_it),
                                       TEST(balance_stops_it),
                                       TEST(raised_within_the_ceiling_only),
                                       TEST(mined_after_all),
                                       TEST(underpriced_is_raised),
                                       TEST(already_known_is_success),
                                       TEST(nonce_is_used_up),
                                       TEST(nonce_is_used_up_while_waiting),
                                       TEST(replacement_is_refused),
                                       TEST(node_fails_when_a_replacement_is_due)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
