/* SPDX-License-Identifier: MIT */
#include "support/relay.h"
#include "watcher.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 40, DROPS = 20 };

/* Ten times the goals: 15 ms in the median from mined to told, a second behind an outage. */
enum { MEDIAN_MAX_MS = 150, AFTER_OUTAGE_MAX_MS = 10000 };

/* Watches over a line of our own, with so seldom a poll that a subscription alone explains a quick callback.
 */
static relay *watch_over_line(world *it, watcher *seen, const char *scheme)
{
    node_options node;
    char urls[160];
    relay *line = relay_start(it->chain.port, 1);
    int len = snprintf(urls, sizeof urls, "%s", it->chain.url);
    if (scheme)
        snprintf(urls + len, sizeof urls - (size_t)len, ",%s://127.0.0.1:%u", scheme, relay_port(line));
    if (!scheme) snprintf(urls, sizeof urls, "http://127.0.0.1:%u", relay_port(line));
    node_defaults(it, "", &node);
    node.options.rpc_url = urls;
    node.options.poll_interval_ms = 60000;
    watcher_start(seen, dstack_p2p_new_with_options(it->contract, NULL, &node.options));
    watcher_await(seen, 0);
    return line;
}

static void end(watcher *seen, relay *line)
{
    watcher_done(seen);
    relay_stop(line);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* From the receipt, which comes when the block is mined, to the callback. */
static void test_latency(void **state)
{
    world *it = *state;
    watcher seen;
    double late[ROUNDS];
    relay *line = watch_over_line(it, &seen, NULL);
    watcher_await_transport(seen.sdk, "subscription");
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    for (size_t i = 0; i < ROUNDS; i++) {
        if (i % 2)
            expect_withdrawn(alice);
        else
            expect_registered(alice);
        double mined = sim_now();
        const call *told = watcher_await(&seen, i + 1);
        late[i] = (told->at - mined) * 1000;
        watcher_expect(told, i % 2 ? DSTACK_P2P_LEFT : DSTACK_P2P_JOINED, alice, i % 2 ? 0 : 1);
    }
    watcher_expect_quiet(&seen, ROUNDS + 1);
    qsort(late, ROUNDS, sizeof *late, by_value);
    printf("told %.1f ms after the receipt in the median, %.1f ms at most\n", late[ROUNDS / 2],
           late[ROUNDS - 1]);
    assert_true(late[ROUNDS / 2] <= MEDIAN_MAX_MS);
    end(&seen, line);
    dstack_p2p_free(alice);
}

/* A WebSocket that was configured, beside an HTTP endpoint that is somewhere else. */
static void test_given_websocket(void **state)
{
    world *it = *state;
    watcher seen;
    relay *line = watch_over_line(it, &seen, "ws");
    watcher_await_transport(seen.sdk, "subscription");
    assert_int_equal(relay_connections(line), 1);
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, alice, 1);
    end(&seen, line);
    dstack_p2p_free(alice);
}

/* A second and a half, or as long as the benchmark wants it. */
static long outage_ms(void)
{
    const char *text = getenv("OUTAGE_MS");
    return text ? strtol(text, NULL, 10) : 1500;
}

/* What happens while there is no subscription is read as soon as there is one again. */
static void test_outage(void **state)
{
    world *it = *state;
    watcher seen;
    relay *line = watch_over_line(it, &seen, NULL);
    watcher_await_transport(seen.sdk, "subscription");
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    relay_set(line, (relay_faults){.websockets_down = true});
    watcher_await_transport(seen.sdk, "poll");
    expect_registered(alice);
    pause_ms(outage_ms());
    relay_set(line, (relay_faults){.down = false});
    double back = sim_now();
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, alice, 1);
    printf("told %.0f ms after the line was back\n", (seen.calls[1].at - back) * 1000);
    assert_true(seen.calls[1].at - back <= AFTER_OUTAGE_MAX_MS / 1000.0);
    watcher_await_transport(seen.sdk, "subscription");
    watcher_expect_quiet(&seen, 2);
    end(&seen, line);
    dstack_p2p_free(alice);
}

/* However often the line breaks, each change is told once, in order, and none that was not. */
static void test_drops(void **state)
{
    world *it = *state;
    watcher seen;
    relay *line = watch_over_line(it, &seen, NULL);
    watcher_await_transport(seen.sdk, "subscription");
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    for (size_t i = 0; i < DROPS; i++) {
        if (i % 3 != 1) relay_drop_websockets(line);
        if (i % 2)
            expect_withdrawn(alice);
        else
            expect_registered(alice);
        if (i % 3 == 1) relay_drop_websockets(line);
        watcher_expect(watcher_await(&seen, i + 1), i % 2 ? DSTACK_P2P_LEFT : DSTACK_P2P_JOINED, alice,
                       i % 2 ? 0 : 1);
    }
    watcher_expect_quiet(&seen, DROPS + 1);
    end(&seen, line);
    dstack_p2p_free(alice);
}

/* Where there is none, polling goes on as before. */
static void test_no_websocket(void **state)
{
    world *it = *state;
    watcher seen;
    node_options node;
    char url[64];
    relay *line = relay_start(it->chain.port, 1);
    relay_set(line, (relay_faults){.websockets_down = true});
    snprintf(url, sizeof url, "http://127.0.0.1:%u", relay_port(line));
    node_defaults(it, "", &node);
    node.options.rpc_url = url;
    watcher_start(&seen, dstack_p2p_new_with_options(it->contract, NULL, &node.options));
    watcher_await(&seen, 0);
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    expect_registered(alice);
    double mined = sim_now();
    watcher_expect(watcher_await(&seen, 1), DSTACK_P2P_JOINED, alice, 1);
    printf("told %.1f ms after the receipt by polling every %u ms\n", (seen.calls[1].at - mined) * 1000,
           node.options.poll_interval_ms);
    assert_string_equal(watcher_status(seen.sdk).transport, "poll");
    end(&seen, line);
    dstack_p2p_free(alice);
}

/* A line that is silent and open is found out, not trusted. */
static void test_stuck_line(void **state)
{
    world *it = *state;
    watcher seen;
    relay *line = watch_over_line(it, &seen, "ws");
    watcher_await_transport(seen.sdk, "subscription");
    relay_set(line, (relay_faults){.stuck = true});
    double begin = sim_now();
    double give_up = dstack_p2p_monitor_stop(seen.sdk) ? 0 : sim_now();
    assert_true(give_up - begin < 2); /* nothing holds up the end */
    end(&seen, line);
}

static void test_reorganisations(void **state)
{
    world *it = *state;
    watcher seen;
    relay *line = watch_over_line(it, &seen, NULL);
    watcher_await_transport(seen.sdk, "subscription");
    dstack_p2p *alice = node_admitted(it, "alice", "http://alice");
    size_t calls = 1;
    for (unsigned depth = 1; depth <= 64; depth *= 4) {
        expect_registered(alice);
        watcher_expect(watcher_await(&seen, calls++), DSTACK_P2P_JOINED, alice, 1);
        chain_tell(it, "anvil_mine", "[\"0x%x\"]", depth - 1);
        chain_tell(it, "anvil_reorg", "[%u,[]]", depth); /* the registration is gone */
        watcher_expect(watcher_await(&seen, calls++), DSTACK_P2P_LEFT, alice, 0);
    }
    watcher_expect_quiet(&seen, calls);
    assert_int_equal(watcher_status(seen.sdk).code, 0);
    end(&seen, line);
    dstack_p2p_free(alice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_latency, world_deploy),
        cmocka_unit_test_setup(test_given_websocket, world_deploy),
        cmocka_unit_test_setup(test_outage, world_deploy),
        cmocka_unit_test_setup(test_drops, world_deploy),
        cmocka_unit_test_setup(test_no_websocket, world_deploy),
        cmocka_unit_test_setup(test_stuck_line, world_deploy),
        cmocka_unit_test_setup(test_reorganisations, world_deploy),
    };
    return run_live_tests(tests);
}
