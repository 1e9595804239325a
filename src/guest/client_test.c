/* SPDX-License-Identifier: MIT */
#include "guest/client.h"

#include "unit.h"

/*
 * Waiting for an agent that is not there, by a clock that stands still until somebody waits.
 */

enum { WAITS_MAX = 1024, NEVER = -1 };

typedef struct fake_clock {
    uint64_t now;
    uint64_t waits[WAITS_MAX];
    int count;
    int cancelled_at; /* the wait that cancel_fd ends, or NEVER */
    int cancel_fd;
} fake_clock;

static uint64_t fake_now(void *context)
{
    return ((fake_clock *)context)->now;
}

static bool fake_wait(void *context, int fd, uint64_t ms)
{
    fake_clock *it = context;
    assert_int_equal(fd, it->cancel_fd);
    assert_true(it->count < WAITS_MAX);
    it->waits[it->count] = ms;
    it->now += ms;
    return it->count++ == it->cancelled_at;
}

typedef struct log_lines {
    int count;
    dstack_p2p_log_level level;
    char first[256];
} log_lines;

static void on_line(void *context, dstack_p2p_log_level level, const char *message)
{
    log_lines *lines = context;
    if (!lines->count++) {
        lines->level = level;
        strncpy(lines->first, message, sizeof lines->first - 1);
    }
}

typedef struct attempt {
    fake_clock time;
    log_lines lines;
    base_error error;
} attempt;

static void ask(attempt *it, uint32_t wait_ms, int cancelled_at)
{
    guest_info info;
    *it = (attempt){.time = {.now = 1000, .cancelled_at = cancelled_at, .cancel_fd = -1}};
    base_clock clock = {.now_ms = fake_now, .wait = fake_wait, .context = &it->time};
    base_log log = {on_line, &it->lines, DSTACK_P2P_LOG_DEBUG};
    guest_config config = {.endpoint = "/nonexistent/dstack.sock",
                           .wait_ms = wait_ms,
                           .cancel_fd = -1,
                           .clock = &clock,
                           .log = &log};
    guest_client *client = guest_client_new(&config);
    assert_non_null(client);
    guest_client_info(client, &info, &it->error);
    guest_client_free(client);
}

static uint64_t total(const attempt *it)
{
    uint64_t sum = 0;
    for (int i = 0; i < it->time.count; i++)
        sum += it->time.waits[i];
    return sum;
}

static void test_pauses_double_up_to_two_seconds(void **state)
{
    static const uint64_t expected[] = {100, 200, 400, 800, 1600, 2000, 2000, 2000};
    attempt it;
    (void)state;
    ask(&it, 300000, NEVER);
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_int_equal(it.time.waits[i], expected[i]);
    for (int i = 5; i < it.time.count - 1; i++)
        assert_int_equal(it.time.waits[i], 2000);
    expect_error(&it.error, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "/nonexistent/dstack.sock");
}

/* The last pause is cut so that the agent is asked once more at the very end. */
static void test_total_is_what_was_asked_for(void **state)
{
    static const uint32_t limits[] = {1, 99, 100, 101, 300, 5000, 300000};
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        attempt it;
        ask(&it, limits[i], NEVER);
        assert_int_equal(total(&it), limits[i]);
        expect_error(&it.error, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "dstack-simulator");
    }
}

static void test_no_wait(void **state)
{
    attempt it;
    (void)state;
    ask(&it, DSTACK_P2P_NO_WAIT, NEVER);
    assert_int_equal(it.time.count, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "cannot reach");
}

static void test_cancelled_while_waiting(void **state)
{
    (void)state;
    for (int at = 0; at < 8; at++) {
        attempt it;
        ask(&it, 300000, at);
        assert_int_equal(it.time.count, at + 1);
        expect_error(&it.error, DSTACK_P2P_ERR_CANCELLED, "waiting for the guest agent");
    }
}

/* The log says once that and why it waits. */
static void test_says_so_once(void **state)
{
    attempt it;
    (void)state;
    ask(&it, 60000, NEVER);
    assert_int_equal(it.lines.count, 1);
    assert_int_equal(it.lines.level, DSTACK_P2P_LOG_WARNING);
    assert_non_null(strstr(it.lines.first, "waiting for the guest agent"));
    ask(&it, DSTACK_P2P_NO_WAIT, NEVER);
    assert_int_equal(it.lines.count, 0);
}

/* What is wrong with the configuration does not get better by waiting. */
static void test_malformed_endpoint_does_not_wait(void **state)
{
    guest_info info;
    base_error error = {0};
    fake_clock time = {.cancelled_at = NEVER, .cancel_fd = -1};
    base_clock clock = {.now_ms = fake_now, .wait = fake_wait, .context = &time};
    guest_config config = {.endpoint = "ftp://h", .wait_ms = 1000, .cancel_fd = -1, .clock = &clock};
    (void)state;
    guest_client *client = guest_client_new(&config);
    guest_client_info(client, &info, &error);
    expect_error(&error, DSTACK_P2P_ERR_CONFIG, "neither a socket's path");
    assert_int_equal(time.count, 0);
    guest_client_free(client);
    guest_client_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_double_up_to_two_seconds),
        cmocka_unit_test(test_total_is_what_was_asked_for),
        cmocka_unit_test(test_no_wait),
        cmocka_unit_test(test_cancelled_while_waiting),
        cmocka_unit_test(test_says_so_once),
        cmocka_unit_test(test_malformed_endpoint_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
