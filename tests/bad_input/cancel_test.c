/* SPDX-License-Identifier: MIT */

/* Cancelling ends whatever a call waits for, within a second. */

#include "bad_input/world.h"

#include <stdio.h>
#include <string.h>

enum { AFTER_MS = 200, WITHIN_MS = 1000 };

typedef struct canceller {
    dstack_p2p *sdk;
    pthread_t thread;
    uint64_t at_ms; /* when it cancelled; read after joining */
} canceller;

static void *cancel_soon(void *context)
{
    canceller *c = context;
    sleep_ms(AFTER_MS);
    c->at_ms = now_ms();
    dstack_p2p_cancel(c->sdk);
    return NULL;
}

static void cancel_later(canceller *c, dstack_p2p *sdk)
{
    c->sdk = sdk;
    assert_int_equal(pthread_create(&c->thread, NULL, cancel_soon, c), 0);
}

/* The call has ended because of the cancellation, and soon after it. */
static void assert_ended(canceller *c)
{
    uint64_t ended = now_ms();
    pthread_join(c->thread, NULL);
    if (ended < c->at_ms) fail_msg("it ended before it was cancelled: %s", dstack_p2p_errmsg(c->sdk));
    if (ended - c->at_ms > WITHIN_MS) fail_msg("it took %llu ms", (unsigned long long)(ended - c->at_ms));
}

static void assert_register_cancelled(world *w, const char *word)
{
    canceller c;
    world_open(w, FAKE_CONTRACT, URL);
    cancel_later(&c, w->sdk);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_CANCELLED, "cancelled", word);
    assert_ended(&c);
    assert_sends(w, 0);
}

static void slow_agent(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->info = GUEST_SLOW;
    assert_register_cancelled(w, "guest agent");
    fake_guest_set(w->guest)->info = GUEST_HEALTHY;
    fake_guest_set(w->guest)->key = GUEST_SLOW;
    assert_register_cancelled(w, "guest agent");
}

static void slow_agent_while_signing(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_SLOW;
    fake_guest_set(w->guest)->key_after = 1;
    assert_register_cancelled(w, "guest agent");
}

static void waiting_for_the_agent(void **state)
{
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    w->options.guest_wait_ms = 60000;
    assert_register_cancelled(w, "waiting for the guest agent");
}

static void slow_node(void **state)
{
    world *w = *state;
    canceller c;
    world_node(w)->fault = NODE_SLOW;
    assert_register_cancelled(w, "node");
    world_open(w, FAKE_CONTRACT, NULL);
    cancel_later(&c, w->sdk);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_CANCELLED, "cancelled");
    assert_ended(&c);
    world_open(w, FAKE_CONTRACT, NULL);
    cancel_later(&c, w->sdk);
    ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), DSTACK_P2P_ERR_CANCELLED, "cancelled");
    assert_ended(&c);
}

/* Cancelling is no fault of the first node's: the second one is not bothered. */
static void slow_node_of_several(void **state)
{
    world *w = *state;
    char urls[256];
    fake_node *second = fake_node_start();
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(w->node), fake_node_url(second));
    w->options.rpc_url = urls;
    world_node(w)->fault = NODE_SLOW;
    assert_register_cancelled(w, "node");
    assert_int_equal(fake_server_count(fake_node_server(second)), 0);
    fake_node_stop(second);
}

static void waiting_for_a_block(void **state)
{
    world *w = *state;
    world_node(w)->last_anchor = FAKE_BLOCK + 5;
    w->options.confirm_timeout_ms = 60000;
    assert_register_cancelled(w, "waiting for a block");
}

/* Something has left already: the sentence says what, so that it can be looked up. */
static void assert_sent_and_cancelled(world *w)
{
    canceller c;
    world_node(w)->sends = 0;
    w->options.confirm_timeout_ms = 60000;
    world_open(w, FAKE_CONTRACT, URL);
    cancel_later(&c, w->sdk);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "0x", "cancelled");
    assert_ended(&c);
    const char *hash = strstr(dstack_p2p_errmsg(w->sdk), "0x");
    assert_int_equal(strspn(hash + 2, "0123456789abcdef"), 64);
    assert_sends(w, 1);
}

static void waiting_for_the_receipt(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    assert_sent_and_cancelled(w);
}

static void slow_receipt(void **state)
{
    world *w = *state;
    world_node(w)->sync_without_answer = true;
    world_node(w)->fault = NODE_SLOW;
    world_node(w)->fault_method = "eth_getTransactionReceipt";
    assert_sent_and_cancelled(w);
}

static void slow_send(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_SLOW;
    world_node(w)->fault_method = "eth_sendRawTransactionSync";
    assert_sent_and_cancelled(w);
}

static void before_the_call(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, URL);
    dstack_p2p_cancel(w->sdk);
    dstack_p2p_cancel(w->sdk);
    for (int i = 0; i < 2; i++) {
        ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_CANCELLED, "dstack_p2p_resume()");
        ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), DSTACK_P2P_ERR_CANCELLED, "dstack_p2p_resume()");
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_CANCELLED, "dstack_p2p_resume()");
        assert_null(dstack_p2p_instance_id(w->sdk));
        assert_failed(w->sdk, DSTACK_P2P_ERR_CANCELLED, "dstack_p2p_resume()", NULL);
    }
    assert_int_equal(fake_server_count(fake_node_server(w->node)), 0);
    assert_int_equal(fake_server_count(fake_guest_server(w->guest)), 0);
    dstack_p2p_resume(w->sdk);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
}

/* A handle that was cancelled in the middle is as good as new. */
static void resuming(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_SLOW;
    assert_register_cancelled(w, "node");
    world_node(w)->fault = NODE_HEALTHY;
    dstack_p2p_resume(w->sdk);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(world_node(w)->listed_url, URL);
}

/* ---- The monitor ---- */

static void start_on_a_slow_node(world *w)
{
    w->options.rpc_timeout_ms = 60000;
    world_node(w)->fault = NODE_SLOW;
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    sleep_ms(AFTER_MS);
    assert_true(fake_server_count(fake_node_server(w->node)) > 0);
}

static void stopping_the_monitor(void **state)
{
    world *w = *state;
    start_on_a_slow_node(w);
    uint64_t start = now_ms();
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    assert_true(now_ms() - start < WITHIN_MS);
}

static void cancelling_the_monitor(void **state)
{
    world *w = *state;
    dstack_p2p_status status = {.running = true};
    start_on_a_slow_node(w);
    uint64_t start = now_ms();
    dstack_p2p_monitor_cancel(w->sdk);
    assert_true(now_ms() - start < 100);
    while (status.running && now_ms() - start < 2 * WITHIN_MS) {
        sleep_ms(5);
        dstack_p2p_monitor_status(w->sdk, &status);
    }
    assert_false(status.running);
    assert_true(now_ms() - start < WITHIN_MS);
}

static void freeing_with_a_monitor(void **state)
{
    world *w = *state;
    start_on_a_slow_node(w);
    uint64_t start = now_ms();
    dstack_p2p_free(w->sdk);
    w->sdk = NULL;
    assert_true(now_ms() - start < WITHIN_MS);
}

/* The handle's cancellation is not the monitor's business. */
static void monitor_outlives_the_handles_cancellation(void **state)
{
    world *w = *state;
    dstack_p2p_status status = {0};
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    dstack_p2p_cancel(w->sdk);
    size_t before = fake_server_count(fake_node_server(w->node));
    for (uint64_t end = now_ms() + 20000; now_ms() < end; sleep_ms(5))
        if (fake_server_count(fake_node_server(w->node)) > before + 3) break;
    assert_true(fake_server_count(fake_node_server(w->node)) > before + 3);
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_true(status.running);
    assert_int_equal(status.code, DSTACK_P2P_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(slow_agent),
                                       TEST(slow_agent_while_signing),
                                       TEST(waiting_for_the_agent),
                                       TEST(slow_node),
                                       TEST(slow_node_of_several),
                                       TEST(waiting_for_a_block),
                                       TEST(waiting_for_the_receipt),
                                       TEST(slow_receipt),
                                       TEST(slow_send),
                                       TEST(before_the_call),
                                       TEST(resuming),
                                       TEST(stopping_the_monitor),
                                       TEST(cancelling_the_monitor),
                                       TEST(freeing_with_a_monitor),
                                       TEST(monitor_outlives_the_handles_cancellation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
