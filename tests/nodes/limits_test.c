/* SPDX-License-Identifier: MIT */

/* Nodes that limit the rate are asked no earlier than they say. */

#include "nodes/scene.h"

#include <stdio.h>

static const struct {
    const char *headers;
    uint64_t wait;
} retry_afters[] = {
    {NULL, 250},
    {"Retry-After: 3\r\n", 3000},
    {"retry-after:   3  \r\n", 3000},
    {"Date: Wed, 05 Nov 2025 12:00:00 GMT\r\nRetry-After: Wed, 05 Nov 2025 12:00:04 GMT\r\n", 4000},
    {"Date: Wed, 05 Nov 2025 12:00:00 GMT\r\nRetry-After: Wed, 05 Nov 2025 11:00:00 GMT\r\n", 250},
    {"Retry-After: soon\r\n", 250},
    {"Retry-After: -1\r\n", 250},
    {"Retry-After: 0\r\n", 250},
    {"Retry-After:\r\n", 250},
};

static void test_retry_after(void **state)
{
    static const node_fault faults[] = {NODE_429, NODE_LIMITED, NODE_503};
    (void)state;
    for (size_t i = 0; i < COUNT(faults) * COUNT(retry_afters); i++) {
        scene *it = scene_make_known(1);
        set_fault(it, 0, faults[i / COUNT(retry_afters)], 1);
        set_headers(it, 0, retry_afters[i % COUNT(retry_afters)].headers);
        assert_int_equal(ask(it), 0);
        EXPECT_WAITS(it, retry_afters[i % COUNT(retry_afters)].wait);
        scene_unmake(it);
    }
}

static void test_retry_after_has_jitter(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    set_fault(it, 0, NODE_429, 1);
    set_headers(it, 0, "Retry-After: 4\r\n");
    it->chance = 1000;
    assert_int_equal(ask(it), 0);
    EXPECT_WAITS(it, 5000);
    scene_unmake(it);
}

/* More than the call has time for: it fails at once, and nobody is asked until then. */
static void test_retry_after_the_call(void **state)
{
    static const struct {
        const char *headers;
        uint64_t seconds;
    } cases[] = {
        {"Retry-After: 60\r\n", 60},
        {"Retry-After: 99999999999999999999\r\n", 300},
        {"Date: Wed, 05 Nov 2025 12:00:00 GMT\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 300}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char words[64];
        scene *it = scene_make_known(1);
        set_fault(it, 0, NODE_429, 1);
        set_headers(it, 0, cases[i].headers);
        snprintf(words, sizeof words, "(HTTP 429); ask again in %u s", (unsigned)cases[i].seconds);
        assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_LIMITED);
        assert_non_null(strstr(it->error.text, words));
        fake_clock_skip(&it->clock, 5000);
        assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_LIMITED);
        snprintf(words, sizeof words, "(HTTP 429); ask again in %u s", (unsigned)cases[i].seconds - 5);
        assert_non_null(strstr(it->error.text, words));
        assert_int_equal(it->clock.count, 0);
        assert_int_equal(asked(it, 0), 2);
        fake_clock_skip(&it->clock, cases[i].seconds * 1000 - 5000 - 9000);
        assert_int_equal(ask(it), 0); /* now it fits */
        assert_int_equal(it->clock.count, 1);
        scene_unmake(it);
    }
}

/* Without retries nobody waits, and nobody insists either. */
static void test_limit_without_retries(void **state)
{
    scene *it = scene_make(1);
    (void)state;
    it->config.retries = false;
    set_fault(it, 0, NODE_429, 1);
    set_headers(it, 0, "Retry-After: 2\r\n");
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_LIMITED);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_LIMITED);
    assert_non_null(strstr(it->error.text, "ask again in 2 s"));
    assert_int_equal(asked(it, 0), 1);
    fake_clock_skip(&it->clock, 2000);
    assert_int_equal(ask(it), 0);
    scene_unmake(it);
}

static void test_the_other_one_is_not_limited(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    set_fault(it, 0, NODE_429, 1);
    set_headers(it, 0, "Retry-After: 30\r\n");
    for (size_t i = 1; i <= 5; i++) {
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 0), 1);
        assert_int_equal(asked(it, 1), i);
        fake_clock_skip(&it->clock, 5000);
    }
    set_fault(it, 1, NODE_HTML, 0);
    assert_int_equal(ask(it), 0); /* the first one's time is up in 5 s, and worth waiting for */
    assert_int_equal(asked(it, 0), 2);
    assert_int_equal(it->clock.count, 1);
    scene_unmake(it);
}

/* One request of the batch is refused for the rate, by one node or by all. */
static void test_limit_of_a_single_request(void **state)
{
    static const int codes[] = {429, -32005};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        fake_rule rule = {.method = "eth_getBlockByNumber", .code = codes[i], .message = "slow down"};
        scene *it = scene_make(2);
        set_rule(it, 0, rule);
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 1), 1);
        assert_int_equal(logged(it, "eth_getBlockByNumber: slow down"), 1);
        set_rule(it, 1, rule);
        assert_int_equal(ask(it), -1); /* sent, and that request holds its error */
        assert_true(it->clock.count >= 3);
        scene_unmake(it);
        it = scene_make(2);
        rule.times = 2;
        set_rule(it, 0, rule);
        set_rule(it, 1, rule);
        assert_int_equal(ask(it), 0);
        assert_in_range(it->clock.count, 2, 4);
        scene_unmake(it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_has_jitter),
        cmocka_unit_test(test_retry_after_the_call),
        cmocka_unit_test(test_limit_without_retries),
        cmocka_unit_test(test_the_other_one_is_not_limited),
        cmocka_unit_test(test_limit_of_a_single_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
