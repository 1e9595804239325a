/* SPDX-License-Identifier: MIT */

/*
 * More peers than a node answers at a time, and nodes that lie from page to page: a whole list or an error,
 * after a number of requests that no node can drive up.
 */

#include "bad_input/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GET_PEERS = 0x776b0f04, PAGE = 2000, CROWD = 5000, FEW = 2200, HALVINGS = 10, LIMITS = 3 };

static size_t requests(world *w)
{
    return fake_server_count(fake_node_server(w->node));
}

static void open_crowd(world *w, size_t count)
{
    world_node(w)->crowd = count;
    world_open(w, FAKE_CONTRACT, NULL);
}

static int by_age(const void *a, const void *b)
{
    const fake_crowd_peer *left = a, *right = b;
    if (left->peer.registered_at != right->peer.registered_at)
        return left->peer.registered_at < right->peer.registered_at ? -1 : 1;
    return strcmp(left->id, right->id);
}

static void assert_peer(const dstack_p2p_peer *peer, const fake_crowd_peer *expected)
{
    assert_string_equal(peer->instance_id, expected->id);
    assert_string_equal(peer->connection_url, expected->url);
    assert_int_equal(strncmp(peer->instance_address, "0x", 2), 0);
    assert_int_equal(strcasecmp(peer->instance_address + 2, expected->address), 0);
    assert_int_equal(peer->registered_at, expected->peer.registered_at);
    assert_int_equal(peer->expires_at, expected->peer.expires_at);
    assert_false(peer->is_self);
}

/* The whole crowd and nobody else, in order. */
static void assert_crowd(world *w, size_t count, uint64_t version)
{
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    fake_crowd_peer *crowd = calloc(count, sizeof *crowd);
    if (!peers) fail_msg("%s", dstack_p2p_errmsg(w->sdk));
    assert_int_equal(dstack_p2p_peers_count(peers), count);
    assert_int_equal(dstack_p2p_peers_version(peers), version);
    assert_int_equal(dstack_p2p_peers_block_number(peers), FAKE_BLOCK);
    for (size_t i = 0; i < count; i++)
        fake_crowd(i, &crowd[i]);
    qsort(crowd, count, sizeof *crowd, by_age);
    for (size_t i = 0; i < count; i++)
        assert_peer(dstack_p2p_peers_at(peers, i), &crowd[i]);
    free(crowd);
    dstack_p2p_peers_free(peers);
}

/* The same, after so many requests. */
static void assert_crowd_in(world *w, size_t count, size_t expected)
{
    size_t before = requests(w);
    assert_crowd(w, count, 3);
    assert_int_equal(requests(w) - before, expected);
}

/* Fails so, after so many requests. */
#define ASSERT_FAILS_IN(w, expected, code, ...)                                                              \
    do {                                                                                                     \
        size_t before = requests(w);                                                                         \
        ASSERT_NO_PEERS(w, code, __VA_ARGS__);                                                               \
        assert_int_equal(requests(w) - before, expected);                                                    \
    } while (0)

/* What fits one page takes one request, and no page is read twice. */
static void sizes_around_a_page(void **state)
{
    static const struct {
        size_t count, requests;
    } sizes[] = {{1, 1}, {PAGE - 1, 1}, {PAGE, 1}, {PAGE + 1, 2}, {2 * PAGE, 2}, {CROWD, 3}};
    world *w = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        open_crowd(w, sizes[i].count);
        assert_crowd_in(w, sizes[i].count, sizes[i].requests);
    }
}

/* ---- Too much for the node ---- */

static const fake_rule too_much[] = {
    {.code = -32000, .message = "out of gas"},
    {.code = -32000, .message = "err: out of gas (supplied gas 50000000)"},
    {.code = -32603, .message = "EVM error OutOfGas"},
    {.code = -32603, .message = "EVM error MemoryOOG"},
    {.code = -32015, .message = "VM execution error.", .data = "Out of gas"},
    {.code = -32000, .message = "execution aborted (timeout = 5s)"},
    {.code = -32002, .message = "request timed out"},
    {.code = 30, .message = "Request timeout on the free tier, please upgrade"},
    {.code = -32003, .message = "response too large"},
    {.code = -32008, .message = "Response is too big", .data = "Exceeded max limit of 167772160"},
    {.code = -32005, .message = "response size should not be greater than 10000000 bytes"},
};

/* 2,000, 1,000 and 500 are refused; 250 at a time take 9 requests, from then on without a refusal. */
static void too_much_in_all_words(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
        fake_rule rule = too_much[i];
        rule.method = "eth_call";
        rule.beyond = 300;
        world_node(w)->rules[0] = rule;
        open_crowd(w, FEW);
        assert_crowd_in(w, FEW, 3 + 9);
        assert_crowd_in(w, FEW, 9);
    }
}

/* The first page passes, and a later one with longer URLs, say, does not: what was read is kept. */
static void too_much_on_a_later_page(void **state)
{
    static const char *const data[] = {NULL, "0x"};
    world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        world_node(w)->rules[0] = (fake_rule){.method = "eth_call",
                                              .beyond = 1200,
                                              .pinned = true,
                                              .code = 3,
                                              .message = "execution reverted",
                                              .data = data[i]};
        open_crowd(w, CROWD);
        assert_crowd_in(w, CROWD, 1 + 1 + 3); /* 2,000, a refusal, 1,000 three times */
    }
}

/* An answer that the page fills up: what comes behind it is refused. */
static void no_room_for_the_block(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] = (fake_rule){.method = "eth_getBlockByNumber",
                                          .pinned = true,
                                          .times = 1,
                                          .code = -32003,
                                          .message = "response too large"};
    open_crowd(w, CROWD);
    assert_crowd_in(w, CROWD, 1 + 1 + 3);
}

/* A gateway's status, and a line on which only a part comes in time. */
static void too_much_for_the_line(void **state)
{
    static const node_fault faults[] = {NODE_413, NODE_STALLS};
    world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        world_node(w)->fault = faults[i];
        world_node(w)->fault_beyond = 1000;
        w->options.rpc_timeout_ms = faults[i] == NODE_STALLS ? 2000 : 20000;
        open_crowd(w, 1500);
        assert_crowd(w, 1500, 3);
    }
}

/* A line that is too slow for anything is given up soon. */
static void never_in_time(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_STALLS;
    w->options.rpc_timeout_ms = 150;
    open_crowd(w, CROWD);
    ASSERT_FAILS_IN(w, 3, DSTACK_P2P_ERR_RPC_TIMEOUT, "did not answer within 150 ms");
}

static void nothing_is_little_enough(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_call", .selector = GET_PEERS, .code = -32000, .message = "out of gas"};
    open_crowd(w, CROWD);
    ASSERT_FAILS_IN(w, 1 + HALVINGS, DSTACK_P2P_ERR_RPC_ERROR, "a single peer", "out of gas");
    ASSERT_FAILS_IN(w, 1, DSTACK_P2P_ERR_RPC_ERROR, "a single peer", "out of gas");
}

/* A node that answers a crowd one by one would be asked for hours. */
static void too_little_at_a_time(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_call", .beyond = 1, .code = -32000, .message = "out of gas"};
    open_crowd(w, CROWD);
    ASSERT_FAILS_IN(w, 1 + HALVINGS, DSTACK_P2P_ERR_RPC_ERROR, "only 1 at a time of 5000 peers");
    open_crowd(w, 20);
    assert_crowd_in(w, 20, HALVINGS + 20);
}

/* Nor is a million read in small pages, or what is claimed to be one. */
static void less_and_less(void **state)
{
    world *w = *state;
    world_node(w)->total = 1000000;
    world_node(w)->rules[0] = (fake_rule){
        .method = "eth_call", .beyond = 250, .pinned = true, .code = -32000, .message = "out of gas"};
    open_crowd(w, CROWD);
    ASSERT_FAILS_IN(w, 1 + 3, DSTACK_P2P_ERR_RPC_ERROR, "only 250 at a time of 1000000 peers");
}

static const fake_rule hopeless[] = {
    {.code = 429, .message = "compute units per second exceeded"},
    {.code = -32005, .message = "limit exceeded"},
    {.code = -32005, .message = "daily request count exceeded, request rate limited"},
    /* What follows is asked once. */
    {.code = -32000, .message = "Too Many Requests, out of credits"},
    {.code = -32601, .message = "the method eth_call does not exist/is not available"},
    {.code = -32603, .message = "the database is gone"},
    {.code = 3, .message = "execution reverted", .data = "0x"},
    {.code = 3, .message = "execution reverted", .data = "0x08c379a0"},
    {.code = -32000, .message = "header not found"},
};

/* Asking for less does not help: asked once, or for as much again where the rate is limited. */
static void errors_that_stay(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        fake_rule rule = hopeless[i];
        rule.method = "eth_call";
        world_node(w)->rules[0] = rule;
        w->hurries = true;
        open_crowd(w, CROWD);
        size_t before = requests(w);
        assert_null(dstack_p2p_get_peers(w->sdk));
        if (i < LIMITS)
            assert_in_range(requests(w) - before, 2, HALVINGS - 1);
        else
            assert_int_equal(requests(w) - before, 1);
    }
}

/* Once in a while more is tried again: after 16 readings of 9 requests. */
static void more_again(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_call", .beyond = 300, .times = 3, .code = -32000, .message = "out of gas"};
    open_crowd(w, FEW);
    assert_crowd_in(w, FEW, 3 + 9);
    for (int i = 1; i < 16; i++)
        dstack_p2p_peers_free(dstack_p2p_get_peers(w->sdk));
    assert_crowd_in(w, FEW, 5);
}

/* ---- The block that pages are pinned to ---- */

static const fake_rule block_gone[] = {
    {.method = "eth_call", .code = -32000, .message = "header not found"},
    {.method = "eth_call", .code = -32000, .message = "missing trie node 2882 (path )"},
    {.method = "eth_call", .code = -32001, .message = "Resource not found."},
    {.method = "eth_call", .code = -32002, .message = "No state available for block 1000"},
    {.method = "eth_call", .code = -32602, .message = "BlockOutOfRangeError: block height is 9"},
    {.method = "eth_getBlockByNumber", .result = "null"},
    {.method = "eth_getBlockByNumber", .code = -32000, .message = "unknown block"},
    {.method = "eth_getBlockByNumber",
     .result = "{\"number\":\"0x3e8\",\"timestamp\":\"0x1\",\"hash\":"
               "\"0xb200000000000000000000000000000000000000000000000000000000000000\"}"},
};

/* Once: the whole list is read at another block. Again and again: an error that says so. */
static void block_that_vanishes(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof block_gone / sizeof *block_gone; i++) {
        fake_rule rule = block_gone[i];
        rule.pinned = true;
        rule.times = 1;
        world_node(w)->rules[0] = rule;
        open_crowd(w, FEW);
        assert_crowd_in(w, FEW, 2 + 2);
        rule.times = 0;
        world_node(w)->rules[0] = rule;
        ASSERT_NO_PEERS(w, rule.result ? DSTACK_P2P_ERR_RPC_ANSWER : DSTACK_P2P_ERR_RPC_ERROR,
                        "twice in a row", "keeps the state");
    }
}

/* ---- Pages that do not fit together ---- */

#define ASSERT_LIE(w, ...)                                                                                   \
    do {                                                                                                     \
        open_crowd(w, CROWD);                                                                                \
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, __VA_ARGS__);                                          \
        assert_true(requests(w) <= 10);                                                                      \
        fake_node_state *node = world_node(w);                                                               \
        node->lie = (fake_lie){0};                                                                           \
        node->repeats = node->ignores_limit = false;                                                         \
    } while (0)

static void version_that_moves(void **state)
{
    world *w = *state;
    world_node(w)->lie = (fake_lie){.from = 2 * PAGE, .version = 4};
    ASSERT_LIE(w, "do not fit together", "version 3", "then version 4");
}

static void total_that_moves(void **state)
{
    world *w = *state;
    world_node(w)->lie = (fake_lie){.from = 2 * PAGE, .total = 6000};
    ASSERT_LIE(w, "do not fit together", "with 5000", "with 6000");
}

/* Somebody joined between the first page and the block the others are pinned to, or left: the first page is
 * read again. */
static void first_page_of_another_block(void **state)
{
    world *w = *state;
    world_node(w)->lie = (fake_lie){.pinned = true, .version = 4};
    open_crowd(w, CROWD);
    size_t before = requests(w);
    assert_crowd(w, CROWD, 4);
    assert_int_equal(requests(w) - before, 1 + 1 + 3);
    world_node(w)->lie = (fake_lie){.pinned = true, .total = PAGE};
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), PAGE);
    dstack_p2p_peers_free(peers);
}

static void pages_that_repeat(void **state)
{
    world *w = *state;
    world_node(w)->repeats = true;
    ASSERT_LIE(w, "lists 2000 peers in 1000 slots");
    world_node(w)->repeats = true;
    open_crowd(w, 2 * PAGE);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "lists instance", "twice");
}

static void peer_on_two_pages(void **state)
{
    fake_crowd_peer crowd;
    world *w = *state;
    fake_crowd(CROWD - 1, &crowd);
    world_node(w)->peer_count = 1;
    world_node(w)->peers[0] = (fake_peer){crowd.id, crowd.address, "http://elsewhere", 7, 0};
    ASSERT_LIE(w, "lists instance", crowd.id, "twice");
}

static void page_that_does_not_end(void **state)
{
    world *w = *state;
    world_node(w)->ignores_limit = true;
    ASSERT_LIE(w, "lists 5000 peers in 2000 slots");
}

/* A million peers are claimed and two listed: as many requests as that takes, and no more. */
static void empty_pages(void **state)
{
    world *w = *state;
    world_node(w)->total = 1000000;
    open_crowd(w, 2);
    assert_crowd_in(w, 2, 1000000 / PAGE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(sizes_around_a_page),
                                       TEST(too_much_in_all_words),
                                       TEST(too_much_on_a_later_page),
                                       TEST(no_room_for_the_block),
                                       TEST(too_much_for_the_line),
                                       TEST(never_in_time),
                                       TEST(nothing_is_little_enough),
                                       TEST(too_little_at_a_time),
                                       TEST(less_and_less),
                                       TEST(errors_that_stay),
                                       TEST(more_again),
                                       TEST(block_that_vanishes),
                                       TEST(version_that_moves),
                                       TEST(total_that_moves),
                                       TEST(first_page_of_another_block),
                                       TEST(pages_that_repeat),
                                       TEST(peer_on_two_pages),
                                       TEST(page_that_does_not_end),
                                       TEST(empty_pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
