/* SPDX-License-Identifier: MIT */

/* What may pass is asked again, after pauses that grow and end; what does not is not. */

#include "nodes/scene.h"

#include "base/event.h"

#include <unistd.h>

enum { STRANGER_MS = 2000 };

static void test_a_hiccup_is_outlived(void **state)
{
    static const node_fault faults[] = {NODE_502, NODE_503, NODE_HALF, NODE_429, NODE_LIMITED};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        scene *it = scene_make(1);
        set_fault(it, 0, faults[i], 2);
        assert_int_equal(ask(it), 0);
        assert_int_equal(asked(it, 0), 3);
        EXPECT_WAITS(it, 250, 500);
        scene_unmake(it);
    }
}

static void test_pauses_double_with_chance(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    set_fault(it, 0, NODE_502, 5);
    it->chance = 100;
    assert_int_equal(ask(it), 0);
    EXPECT_WAITS(it, 350, 600, 1100, 2100, 4100);
    scene_unmake(it);
}

static void test_pauses_end_at_half_a_minute(void **state)
{
    scene *it = scene_make(1);
    (void)state;
    it->config.timeout_ms = 600000;
    assert_int_equal(ask(it), 0);
    set_fault(it, 0, NODE_502, 10);
    it->chance = 15000;
    assert_int_equal(ask(it), 0);
    assert_int_equal(it->clock.count, 10);
    for (size_t i = 6; i < 10; i++)
        assert_int_equal(it->clock.waits[i], 30000);
    scene_unmake(it);
}

static void test_pauses_end_with_the_call(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    set_fault(it, 0, NODE_502, 0);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_ANSWER);
    assert_non_null(strstr(it->error.text, "HTTP 502"));
    assert_in_range(total_waits(it), 7000, SCENE_CALL_MS);
    scene_unmake(it);
}

/* A wrong port is told soon; a node that was there before gets its time to come back. */
static void test_strangers_are_given_up_soon(void **state)
{
    scene *it = scene_make(1);
    char url[64];
    (void)state;
    int fd = fake_refused_port(url);
    it->config.urls = url;
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_UNREACHABLE);
    EXPECT_WAITS(it, 250, 500, 1000);
    scene_forget(it);
    close(fd);
    it->config.urls = it->urls;
    assert_int_equal(ask(it), 0);
    fake_node_stop(it->nodes[0]);
    it->nodes[0] = NULL;
    assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_UNREACHABLE);
    assert_in_range(total_waits(it), STRANGER_MS + 1, SCENE_CALL_MS);
    scene_unmake(it);
}

static void test_what_does_not_pass_is_not_asked_again(void **state)
{
    static const node_fault faults[] = {NODE_HTML, NODE_BROKEN_JSON, NODE_ERRORS, NODE_401,
                                        NODE_HUGE, NODE_FOREIGN_ID,  NODE_NULL};
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        scene *it = scene_make_known(1);
        set_fault(it, 0, faults[i], 0);
        assert_int_not_equal(ask(it), 0);
        assert_int_equal(asked(it, 0), 2);
        assert_int_equal(it->clock.count, 0);
        scene_unmake(it);
    }
}

static void test_without_retries(void **state)
{
    scene *it = scene_make(2);
    (void)state;
    it->config.retries = false;
    set_fault(it, 0, NODE_502, 0);
    set_fault(it, 1, NODE_502, 0);
    for (size_t i = 1; i <= 3; i++) { /* resting is no reason not to be asked, if all do */
        assert_int_equal(ask(it), DSTACK_P2P_ERR_RPC_ANSWER);
        assert_int_equal(asked(it, 0), i);
        assert_int_equal(asked(it, 1), i);
        assert_int_equal(it->clock.count, 0);
    }
    scene_unmake(it);
}

static void cancel(void *context)
{
    scene *it = context;
    if (it->clock.count == 1) base_event_set(it->cancel_fd);
}

static void test_cancel_in_a_pause(void **state)
{
    scene *it = scene_make_known(1);
    (void)state;
    set_fault(it, 0, NODE_502, 0);
    it->clock.at_wait = cancel;
    it->clock.context = it;
    assert_int_equal(ask(it), DSTACK_P2P_ERR_CANCELLED);
    assert_int_equal(asked(it, 0), 3);
    assert_int_equal(ask(it), DSTACK_P2P_ERR_CANCELLED);
    assert_int_equal(asked(it, 0), 3);
    base_event_clear(it->cancel_fd);
    set_fault(it, 0, NODE_HEALTHY, 0);
    assert_int_equal(ask(it), 0);
    scene_unmake(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hiccup_is_outlived),
        cmocka_unit_test(test_pauses_double_with_chance),
        cmocka_unit_test(test_pauses_end_at_half_a_minute),
        cmocka_unit_test(test_pauses_end_with_the_call),
        cmocka_unit_test(test_strangers_are_given_up_soon),
        cmocka_unit_test(test_what_does_not_pass_is_not_asked_again),
        cmocka_unit_test(test_without_retries),
        cmocka_unit_test(test_cancel_in_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
