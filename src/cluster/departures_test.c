/* SPDX-License-Identifier: MIT */
#include "cluster/departures.h"

#include "cluster/list.h"
#include "cluster/sdk.h"
#include "support/fake_node.h"
#include "unit.h"

#include <stdio.h>

/* Two nodes, a list with Alice that the first one gave, and one without her. */
typedef struct world {
    fake_node *nodes[2];
    dstack_p2p *sdk;
    cluster_departures departures;
    dstack_p2p_peers *before, *list;
} world;

static void set_alice(world *w, size_t node, const char *url)
{
    fake_node_state *state = fake_node_lock(w->nodes[node]);
    snprintf(state->listed_url, sizeof state->listed_url, "%s", url);
    snprintf(state->listed_address, sizeof state->listed_address, "%040d", 1);
    fake_node_unlock(w->nodes[node]);
}

static int setup(void **state)
{
    char urls[256];
    world *w = calloc(1, sizeof *w);
    if (!w) return -1;
    for (size_t i = 0; i < 2; i++) {
        w->nodes[i] = fake_node_start();
        set_alice(w, i, "http://alice");
    }
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(w->nodes[0]), fake_node_url(w->nodes[1]));
    dstack_p2p_options options = {.rpc_url = urls, .evidence = DSTACK_P2P_EVIDENCE_OFF};
    w->sdk = dstack_p2p_new_with_options(FAKE_CONTRACT, NULL, &options);
    w->before = dstack_p2p_get_peers(w->sdk);
    set_alice(w, 0, "");
    w->list = dstack_p2p_get_peers(w->sdk);
    *state = w;
    return w->before && w->list ? 0 : -1;
}

static int teardown(void **state)
{
    world *w = *state;
    cluster_departures_free(&w->departures);
    dstack_p2p_peers_free(w->before);
    dstack_p2p_peers_free(w->list);
    dstack_p2p_free(w->sdk);
    for (size_t i = 0; i < 2; i++)
        fake_node_stop(w->nodes[i]);
    free(w);
    return 0;
}

/* How many are in the list after the second node was heard. */
static size_t judge(world *w)
{
    base_error error = {0};
    cluster_departures_judge(w->sdk, w->sdk->rpc, &w->departures, w->before, w->list, &error);
    expect_ok(&error);
    assert_int_equal(w->departures.count, w->list->count);
    return w->list->count;
}

static void test_one_node_alone_is_not_believed(void **state)
{
    world *w = *state;
    assert_int_equal(w->before->count, 1);
    assert_int_equal(w->list->count, 0);
    assert_int_equal(judge(w), 1);
}

static void test_two_are(void **state)
{
    world *w = *state;
    set_alice(w, 1, "");
    assert_int_equal(judge(w), 0);
}

/* Nobody lists her where she was. */
static void test_one_that_has_moved(void **state)
{
    world *w = *state;
    set_alice(w, 1, "http://elsewhere");
    assert_int_equal(judge(w), 0);
}

/* A node whose chain has none of the blocks that were read at says nothing of this one. */
static void test_another_history_confirms_nothing(void **state)
{
    world *w = *state;
    set_alice(w, 1, "");
    w->before->block_hash32[0] ^= 1;
    w->list->block_hash32[0] ^= 1;
    assert_int_equal(judge(w), 1);
}

/* Either block will do: one of them may have been reorganised away. */
static void test_either_block_will_do(void **state)
{
    world *w = *state;
    set_alice(w, 1, "");
    w->before->block_hash32[0] ^= 1;
    assert_int_equal(judge(w), 0);
}

/* A peer of a list that was not checked makes none of one that was. */
static void test_what_is_kept_is_as_checked_as_it_was(void **state)
{
    world *w = *state;
    w->before->checked = w->list->checked = true;
    assert_int_equal(judge(w), 1);
    assert_true(w->list->checked);
    cluster_list_clear(w->list);
    w->before->checked = false;
    assert_int_equal(judge(w), 1);
    assert_false(w->list->checked);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_node_alone_is_not_believed),
        TEST(test_two_are),
        TEST(test_one_that_has_moved),
        TEST(test_another_history_confirms_nothing),
        TEST(test_either_block_will_do),
        TEST(test_what_is_kept_is_as_checked_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
