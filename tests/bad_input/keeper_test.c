/* SPDX-License-Identifier: MIT */

/* Keeping a registration up with a node and an agent that do not play along: it ends when it is told to. */

#include "bad_input/world.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 20000, PROMPTLY_MS = 2000, QUIET_MS = 1500 };

static dstack_p2p_status status_of(world *w)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(w->sdk, &status), DSTACK_P2P_OK);
    return status;
}

#define await_status(w, condition)                                                                           \
    for (uint64_t end = now_ms() + PATIENCE_MS;; sleep_ms(10)) {                                             \
        dstack_p2p_status status = status_of(w);                                                             \
        if (condition) break;                                                                                \
        if (now_ms() > end)                                                                                  \
            fail_msg("%s: keep_code %d '%s'", #condition, status.keep_code, status.keep_message);            \
    }

/* Registers, and has it kept up. */
static void keep(world *w)
{
    w->options.keep = DSTACK_P2P_KEEP_ON;
    w->options.confirm_timeout_ms = 60000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_status(w, status.registered && status.keeping);
}

/* The registration goes, as by the owner's hand. */
static void lose(world *w)
{
    fake_node_state *node = fake_node_lock(w->node);
    node->listed_url[0] = '\0';
    node->version++;
    node->block_number++;
    fake_node_unlock(w->node);
}

static unsigned sends(world *w)
{
    unsigned count = fake_node_lock(w->node)->sends;
    fake_node_unlock(w->node);
    return count;
}

static void assert_stops_promptly(world *w)
{
    uint64_t start = now_ms();
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    assert_in_range(now_ms() - start, 0, PROMPTLY_MS);
    assert_false(status_of(w).keeping);
}

static void loss_is_repaired(void **state)
{
    world *w = *state;
    keep(w);
    lose(w);
    await_status(w, sends(w) == 2 && status.registered && !status.keep_code);
    assert_logged(w, "no longer listed");
    assert_stops_promptly(w);
}

static void nothing_is_kept_when_not_wanted(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, URL); /* the world's options say so */
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_status(w, status.registered);
    lose(w);
    await_status(w, !status.registered);
    sleep_ms(QUIET_MS);
    assert_int_equal(sends(w), 1);
    assert_false(status_of(w).keeping);
}

/* Another process with this instance publishes another URL: no transaction for each of its own. */
static void another_url_is_not_fought_over(void **state)
{
    world *w = *state;
    keep(w);
    fake_node_state *node = fake_node_lock(w->node);
    snprintf(node->listed_url, sizeof node->listed_url, "http://elsewhere");
    node->version++;
    node->block_number++;
    uint64_t version = node->version;
    fake_node_unlock(w->node);
    await_status(w, status.version == version);
    sleep_ms(QUIET_MS);
    assert_int_equal(sends(w), 1);
    assert_true(status_of(w).registered);
}

/* A failed registration is the application's affair. */
static void nothing_is_kept_that_never_was(void **state)
{
    world *w = *state;
    world_node(w)->has_ticket = false;
    w->options.keep = DSTACK_P2P_KEEP_ON;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_NO_NFT, "holds no NFT");
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_status(w, status.block_number > 0);
    fake_node_lock(w->node)->has_ticket = true;
    fake_node_unlock(w->node);
    sleep_ms(QUIET_MS);
    assert_int_equal(sends(w), 0);
    assert_false(status_of(w).keeping);
}

/* The node takes a minute for whatever only the keeper asks. */
static void stops_while_the_node_hangs(void **state)
{
    world *w = *state;
    keep(w);
    fake_node_state *node = fake_node_lock(w->node);
    node->fault = NODE_SLOW;
    node->fault_method = "eth_getTransactionCount";
    fake_node_unlock(w->node);
    lose(w);
    await_status(w, !status.registered);
    sleep_ms(QUIET_MS); /* the repair begins within a second */
    assert_stops_promptly(w);
    assert_int_equal(sends(w), 1);
}

/* Who this node is does not change: nobody waits for the keeper to hear it again. */
static void tells_the_identity_while_the_keeper_waits(void **state)
{
    world *w = *state;
    keep(w);
    fake_node_state *node = fake_node_lock(w->node);
    node->fault = NODE_SLOW;
    node->fault_method = "eth_getTransactionCount";
    fake_node_unlock(w->node);
    lose(w);
    await_status(w, !status.registered);
    sleep_ms(QUIET_MS); /* the repair begins within a second */
    uint64_t start = now_ms();
    assert_non_null(dstack_p2p_instance_id(w->sdk));
    assert_non_null(dstack_p2p_payer_address(w->sdk));
    assert_in_range(now_ms() - start, 0, PROMPTLY_MS);
    assert_stops_promptly(w);
}

static void stops_while_the_agent_hangs(void **state)
{
    world *w = *state;
    keep(w);
    fake_guest_set(w->guest)->key = GUEST_SLOW;
    lose(w);
    await_status(w, !status.registered);
    sleep_ms(QUIET_MS);
    assert_stops_promptly(w);
    assert_int_equal(sends(w), 1);
}

static void stops_while_it_waits_for_the_receipt(void **state)
{
    world *w = *state;
    keep(w);
    fake_node_lock(w->node)->outcome = NODE_NEVER_MINED;
    fake_node_unlock(w->node);
    lose(w);
    await_status(w, sends(w) == 2);
    assert_stops_promptly(w);
    assert_int_equal(status_of(w).keep_code, DSTACK_P2P_ERR_UNCONFIRMED);
}

/* cancel is enough, too; it does not wait. */
static void cancelling_the_monitor_ends_it(void **state)
{
    world *w = *state;
    keep(w);
    dstack_p2p_monitor_cancel(w->sdk);
    await_status(w, !status.running && !status.keeping);
    lose(w);
    sleep_ms(QUIET_MS);
    assert_int_equal(sends(w), 1);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_status(w, sends(w) == 2 && status.registered);
}

static void failure_is_reported_and_tried_again(void **state)
{
    world *w = *state;
    keep(w);
    fake_guest_set(w->guest)->key = GUEST_500_EMPTY;
    lose(w);
    await_status(w, status.keep_code == DSTACK_P2P_ERR_GUEST_REFUSED);
    assert_non_null(strstr(status_of(w).keep_message, "guest agent refused"));
    assert_logged(w, "the registration cannot be kept up: the guest agent refused");
    fake_guest_set(w->guest)->key = GUEST_HEALTHY;
    await_status(w, status.registered && !status.keep_code);
    assert_int_equal(status_of(w).keep_message[0], '\0');
    assert_logged(w, "the registration is kept up again");
}

/* The handle is cancelled: that is for the application's calls. */
static void cancelled_handle_is_kept_up(void **state)
{
    world *w = *state;
    keep(w);
    dstack_p2p_cancel(w->sdk);
    lose(w);
    await_status(w, sends(w) == 2 && status.registered);
    dstack_p2p_resume(w->sdk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(loss_is_repaired),
                                       TEST(nothing_is_kept_when_not_wanted),
                                       TEST(nothing_is_kept_that_never_was),
                                       TEST(tells_the_identity_while_the_keeper_waits),
                                       TEST(another_url_is_not_fought_over),
                                       TEST(stops_while_the_node_hangs),
                                       TEST(stops_while_the_agent_hangs),
                                       TEST(stops_while_it_waits_for_the_receipt),
                                       TEST(cancelling_the_monitor_ends_it),
                                       TEST(failure_is_reported_and_tried_again),
                                       TEST(cancelled_handle_is_kept_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
