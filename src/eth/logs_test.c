/* SPDX-License-Identifier: MIT */
#include "eth/logs.h"

#include "support/fake_node.h"
#include "unit.h"

enum { HEAD = 1000000 };

/* A node with one entry, and a connection to it. */
typedef struct world {
    fake_node *node;
    fake_node_state *state;
    eth_rpc *rpc;
    eth_log_limits limits;
    eth_log_filter filter;
    eth_log_answer answer;
    char address[41];
} world;

static void make_world(world *w)
{
    static const char id[] = "00000000000000000000000000000000000000a1";
    memset(w, 0, sizeof *w);
    w->node = fake_node_start();
    w->state = fake_node_lock(w->node);
    fake_node_unlock(w->node);
    fake_member_address(id, w->address);
    w->state->block_number = HEAD;
    w->state->peers[w->state->peer_count++] = (fake_peer){id, w->address, "http://alice", 1, 0};
    w->state->events[0].block = 777777;
    eth_rpc_config config = {.urls = fake_node_url(w->node), .timeout_ms = 20000, .cancel_fd = -1};
    w->rpc = eth_rpc_new(&config);
    assert_non_null(w->rpc);
    unit_hex(FAKE_CONTRACT, w->filter.contract20, 20);
}

static void unmake_world(world *w)
{
    eth_rpc_free(w->rpc);
    fake_node_stop(w->node);
}

static int ask(world *w, uint64_t from, uint64_t to, base_error *error)
{
    return eth_logs_ask(w->rpc, &w->limits, &w->filter, from, to, &w->answer, error);
}

static size_t entries(const world *w)
{
    size_t found = 0;
    for (size_t i = 0; i < w->answer.count; i++)
        found += json_array_size(w->answer.batch.requests[w->answer.first + i].result);
    return found;
}

/* Asks until the range is through; the number of exchanges. */
static uint64_t ask_all(world *w, uint64_t from, uint64_t to, size_t expected)
{
    size_t found = 0;
    uint64_t trips = eth_rpc_round_trips(w->rpc);
    while (from <= to) {
        base_error error = {0};
        ask(w, from, to, &error);
        expect_ok(&error);
        assert_true(w->answer.next > from && w->answer.next <= to + 1);
        assert_int_equal(w->answer.head, HEAD);
        found += entries(w);
        from = w->answer.next;
        eth_batch_free(&w->answer.batch);
    }
    assert_int_equal(found, expected);
    return eth_rpc_round_trips(w->rpc) - trips;
}

static void test_no_limit(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    assert_true(eth_logs_reach(&w.limits) == UINT64_MAX);
    assert_int_equal(ask_all(&w, 0, HEAD, 1), 1);
    assert_int_equal(ask_all(&w, 777777, 777777, 1), 1);
    assert_int_equal(ask_all(&w, 777778, HEAD, 0), 1);
    assert_int_equal(w.state->logs_asked, 3);
    unmake_world(&w);
}

/* Whatever the limit, it is found once, and the whole range is covered exactly once. */
static void test_range_limits(void **state)
{
    static const uint64_t ranges[] = {1, 5, 10, 999, 2048, 10000};
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        world w;
        make_world(&w);
        w.state->log_range = ranges[i];
        uint64_t first = 777777 - 3 * ranges[i], last = first + 40 * ranges[i];
        ask_all(&w, first, last < HEAD ? last : HEAD, 1);
        if (w.limits.blocks) assert_in_range(w.limits.blocks, (ranges[i] + 1) / 2, ranges[i]);
        uint64_t blocks = w.limits.blocks ? w.limits.blocks : UINT64_MAX;
        assert_int_equal(eth_logs_reach(&w.limits), w.limits.blocks ? blocks * ETH_LOGS_AT_ONCE : UINT64_MAX);
        unsigned asked = w.state->logs_asked;
        last = first + 9 * ranges[i] - 1;
        uint64_t trips = ask_all(&w, first, last < HEAD ? last : HEAD, 1);
        assert_in_range(trips, 1, 3); /* the limit is known by now */
        assert_in_range(w.state->logs_asked - asked, 1, 19);
        unmake_world(&w);
    }
}

static void test_limits_grow_again(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    w.limits = (eth_log_limits){.blocks = 10, .at_once = 1};
    for (int i = 0; i < 64; i++)
        ask_all(&w, 1, 10, 0);
    assert_int_equal(w.limits.blocks, 20);
    assert_int_equal(w.limits.at_once, 2);
    assert_int_equal(w.limits.smooth, 0);
    w.limits = (eth_log_limits){.blocks = UINT32_MAX};
    for (int i = 0; i < 64; i++)
        ask_all(&w, 1, 10, 0);
    assert_int_equal(w.limits.blocks, 0); /* any number */
    unmake_world(&w);
}

/* Too large an answer is asked for in fewer requests first, then in smaller ones. */
static void test_large_answers(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    w.limits = (eth_log_limits){.blocks = 10};
    w.state->fault = NODE_HUGE_ANNOUNCED;
    w.state->fault_times = 5;
    ask_all(&w, 777770, 777929, 1);
    assert_int_equal(w.limits.at_once, 1);
    assert_int_equal(w.limits.blocks, 5);
    unmake_world(&w);
}

static void refuse(world *w, uint64_t to, int code, const char *words, uint64_t trips_max)
{
    base_error error = {0};
    uint64_t trips = eth_rpc_round_trips(w->rpc);
    ask(w, 1, to, &error);
    eth_batch_free(&w->answer.batch);
    expect_error(&error, code, words);
    assert_in_range(eth_rpc_round_trips(w->rpc) - trips, 1, trips_max);
}

static void test_refusals(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    refuse(&w, HEAD + 1, DSTACK_P2P_ERR_RPC_ANSWER,
           "is at block 1000000, and its logs are asked for up to 1000001", 1);
    w.state->rules[0] =
        (fake_rule){.method = "eth_getLogs", .code = -32601, .message = "the method does not exist"};
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_ERROR, "the method does not exist", 1);
    w.state->rules[0].code = -32005;
    w.state->rules[0].message = "block range is too wide"; /* whatever it is */
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_LIMITED, "block range is too wide", 20);
    w.state->rules[0] = (fake_rule){.method = "eth_getLogs", .result = "null"};
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_ANSWER, "no list", 1);
    w.state->rules[0] = (fake_rule){.method = "eth_blockNumber", .result = "\"12\""};
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_ANSWER, "block number is none", 1);
    w.state->fault = NODE_502;
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_ANSWER, "502", 1);
    unmake_world(&w);
}

/* Which is asked again later, and not for less. */
static void test_rate_limit(void **state)
{
    world w;
    (void)state;
    make_world(&w);
    w.state->rules[0] = (fake_rule){.method = "eth_getLogs", .code = -32005, .message = "rate limit"};
    refuse(&w, HEAD, DSTACK_P2P_ERR_RPC_LIMITED, "rate limit", 1);
    assert_true(eth_logs_reach(&w.limits) == UINT64_MAX);
    unmake_world(&w);
}

/* What is answered before the refusal counts. */
static void test_answered_in_part(void **state)
{
    base_error error = {0};
    world w;
    (void)state;
    make_world(&w);
    w.limits.blocks = 10;
    w.state->rules[0] = (fake_rule){.method = "eth_getLogs", .result = "[]", .times = 3};
    w.state->rules[1] = (fake_rule){.method = "eth_getLogs", .code = -32000, .message = "database is locked"};
    ask(&w, 1, 160, &error);
    expect_ok(&error);
    assert_int_equal(w.answer.count, 3);
    assert_int_equal(w.answer.next, 31);
    eth_batch_free(&w.answer.batch);
    unmake_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_limit),         cmocka_unit_test(test_range_limits),
        cmocka_unit_test(test_large_answers),    cmocka_unit_test(test_limits_grow_again),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_rate_limit),
        cmocka_unit_test(test_answered_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
