/* SPDX-License-Identifier: MIT */
#include "cluster/publish.h"

#include "base/event.h"
#include "cluster/list.h"
#include "cluster/sdk.h"
#include "unit.h"

#include <stdio.h>

enum { CALLS = 16 };

typedef struct world {
    dstack_p2p *sdk;
    size_t count;
    dstack_p2p_change_kind kinds[CALLS];
    char peers[CALLS][3]; /* the first digits of the instance */
    size_t cancel_at;     /* the callback cancels the monitor in its call with this number; 0 = never */
    unsigned warnings, infos;
    char last_line[512];
} world;

static uint64_t now_ms;

static uint64_t fake_now(void *context)
{
    (void)context;
    return now_ms;
}

static const base_clock stopped = {.now_ms = fake_now};

/* What a callback is told is in place already, for itself and for everybody else. */
static void expect_in_place(const world *w, const dstack_p2p_peers *list)
{
    dstack_p2p_status status;
    dstack_p2p_peers *current = dstack_p2p_monitor_peers(w->sdk);
    assert_ptr_equal(current, list);
    assert_int_equal(dstack_p2p_monitor_status(w->sdk, &status), 0);
    assert_int_equal(status.version, dstack_p2p_peers_version(list));
    assert_int_equal(status.peers, dstack_p2p_peers_count(list));
    dstack_p2p_peers_free(current);
}

static void on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *list)
{
    world *w = context;
    expect_in_place(w, list);
    assert_true(w->count < CALLS);
    w->kinds[w->count] = change->kind;
    snprintf(w->peers[w->count], sizeof w->peers[0], "%.2s", change->peer ? change->peer->instance_id : "");
    assert_int_equal(change->kind == DSTACK_P2P_CHANGED, change->previous != NULL);
    if (++w->count == w->cancel_at) dstack_p2p_monitor_cancel(w->sdk);
}

static void note(void *context, dstack_p2p_log_level level, const char *message)
{
    world *w = context;
    w->warnings += level == DSTACK_P2P_LOG_WARNING;
    w->infos += level == DSTACK_P2P_LOG_INFO;
    snprintf(w->last_line, sizeof w->last_line, "%s", message);
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    if (!w) return -1;
    dstack_p2p_options options = {
        .rpc_url = "http://127.0.0.1:1", .log_level = DSTACK_P2P_LOG_DEBUG, .log = note, .log_context = w};
    w->sdk = dstack_p2p_new_with_options("0x5FbDB2315678afecb367f032d93F642f64180aa3", NULL, &options);
    w->sdk->clock = &stopped;
    w->sdk->monitor.callback = on_change;
    w->sdk->monitor.context = w;
    now_ms = 1000000;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    dstack_p2p_free(w->sdk);
    free(w);
    return 0;
}

/* A list of these instances, "aa bb"; in capitals with another URL; the first one is oneself if it is so. */
static dstack_p2p_peers *make_list(const char *instances, uint64_t version, bool has_self)
{
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    for (const char *at = instances; *at; at += at[2] ? 3 : 2) {
        bool other = *at < 'a';
        registry_peer peer = {
            .registered_at = 1, .expires_at = 5000, .url = other ? "http://y" : "http://x", .url_len = 8};
        memset(peer.instance20, (other ? *at + 32 : *at) - 'a' + 0xa, 20);
        for (int i = 0; i < 20; i++)
            peer.instance20[i] = (uint8_t)(peer.instance20[i] * 0x11);
        assert_true(cluster_list_add(list, &peer, has_self && at == instances));
    }
    list->version = version;
    cluster_list_finish(list, &error);
    expect_ok(&error);
    return list;
}

/* What the callbacks say: "+aa" joined, "-aa" left, "~aa" changed, "*" the first list. */
static void expect_told(world *w, const char *expected)
{
    static const char signs[] = "*+-~";
    char told[128] = "";
    for (size_t i = 0; i < w->count; i++)
        snprintf(told + strlen(told), sizeof told - strlen(told), "%s%c%s", i ? " " : "", signs[w->kinds[i]],
                 w->peers[i]);
    assert_string_equal(told, expected);
    w->count = 0;
}

static bool is_readable(const world *w)
{
    return base_event_is_set(dstack_p2p_monitor_fd(w->sdk));
}

static void publish(world *w, const char *instances, uint64_t version)
{
    base_error error = {0};
    cluster_publish(w->sdk, make_list(instances, version, false), &error);
    expect_ok(&error);
}

static void expect_changes(const world *w, uint64_t count)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(w->sdk, &status), 0);
    assert_int_equal(status.changes, count);
}

/* All that were found, whether somebody is told or not; the first list is none. */
static void test_changes_are_counted(void **state)
{
    world *w = *state;
    w->sdk->monitor.callback = NULL;
    publish(w, "aa bb", 1);
    expect_changes(w, 0);
    publish(w, "aa bb", 1);
    expect_changes(w, 0);
    publish(w, "BB cc dd", 2);
    expect_changes(w, 4);
    publish(w, "", 3);
    expect_changes(w, 7);
}

static void test_changes(void **state)
{
    world *w = *state;
    publish(w, "aa bb", 1);
    expect_told(w, "*");
    publish(w, "aa bb", 1);
    expect_told(w, "");
    publish(w, "aa bb cc", 2);
    expect_told(w, "+cc");
    publish(w, "BB cc dd", 3);
    expect_told(w, "-aa ~bb +dd");
    publish(w, "", 4);
    expect_told(w, "-bb -cc -dd");
    publish(w, "", 5);
    expect_told(w, "");
}

static void test_first_list_is_empty(void **state)
{
    world *w = *state;
    publish(w, "", 1);
    expect_told(w, "*");
    publish(w, "aa", 2);
    expect_told(w, "+aa");
}

/* Readable after a change, and not for a list that says the same. */
static void test_descriptor(void **state)
{
    world *w = *state;
    w->sdk->monitor.callback = NULL; /* or it fetches the list */
    assert_false(is_readable(w));
    publish(w, "aa", 1);
    assert_true(is_readable(w));
    dstack_p2p_peers_free(dstack_p2p_monitor_peers(w->sdk));
    assert_false(is_readable(w));
    publish(w, "aa", 2);
    assert_false(is_readable(w));
    publish(w, "aa bb", 3);
    publish(w, "aa bb", 3);
    assert_true(is_readable(w));
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(list), 2);
    publish(w, "", 4);
    assert_int_equal(dstack_p2p_peers_count(list), 2); /* one that was fetched stays what it is */
    dstack_p2p_peers_free(list);
}

/* The list is replaced also when nothing has changed: it is of a newer block. */
static void test_newer_list(void **state)
{
    world *w = *state;
    publish(w, "aa", 1);
    publish(w, "aa", 7);
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_version(list), 7);
    dstack_p2p_peers_free(list);
}

/* Nothing is told any more; the list is in place all the same. */
static void test_cancelled_in_a_callback(void **state)
{
    world *w = *state;
    publish(w, "", 1);
    expect_told(w, "*");
    w->cancel_at = 2;
    publish(w, "aa bb cc", 2);
    expect_told(w, "+aa +bb");
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(list), 3);
    dstack_p2p_peers_free(list);
}

static void test_own_registration(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    base_error error = {0};
    publish(w, "aa bb", 1);
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_false(status.registered);
    assert_int_equal(status.lease_expires_at, 0);
    cluster_publish(w->sdk, make_list("aa bb", 1, true), &error);
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_true(status.registered);
    assert_int_equal(status.lease_expires_at, 5000);
    publish(w, "bb", 2);
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_false(status.registered);
    assert_int_equal(status.lease_expires_at, 0);
}

/* ---- How readings went ---- */

static void outcome(world *w, int code, const char *text, uint32_t failures, const char *expected)
{
    dstack_p2p_status status;
    base_error error = {.code = code};
    snprintf(error.text, sizeof error.text, "%s", text);
    cluster_publish_outcome(w->sdk, &error);
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_int_equal(status.code, code);
    assert_int_equal(status.failures, failures);
    assert_string_equal(status.message, expected);
}

static void test_outcomes(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_true(status.age_ms == UINT64_MAX);
    outcome(w, DSTACK_P2P_ERR_RPC_UNREACHABLE, "gone", 1, "gone");
    outcome(w, DSTACK_P2P_ERR_RPC_UNREACHABLE, "still gone", 2, "still gone");
    assert_int_equal(w->warnings, 1); /* once for each reason, not for each try */
    outcome(w, DSTACK_P2P_ERR_RPC_LIMITED, "slow down", 3, "slow down");
    assert_int_equal(w->warnings, 2);
    assert_non_null(strstr(w->last_line, "cannot be refreshed: slow down"));
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_true(status.age_ms == UINT64_MAX);
    w->sdk->monitor.watch.block_number = 12;
    w->sdk->monitor.watch.block_time = 34;
    outcome(w, 0, "", 0, "");
    assert_int_equal(w->infos, 1);
    assert_non_null(strstr(w->last_line, "fresh again"));
    outcome(w, 0, "", 0, "");
    assert_int_equal(w->infos, 1);
}

/* A reading that failed leaves block and age as they were. */
static void test_age(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    w->sdk->monitor.watch.block_number = 12;
    w->sdk->monitor.watch.block_time = 34;
    outcome(w, 0, "", 0, "");
    now_ms += 700;
    w->sdk->monitor.watch.block_number = 13;
    outcome(w, DSTACK_P2P_ERR_RPC_TIMEOUT, "late", 1, "late");
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_int_equal(status.age_ms, 700);
    assert_int_equal(status.block_number, 12);
    assert_int_equal(status.block_time, 34);
    outcome(w, 0, "", 0, "");
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_int_equal(status.age_ms, 0);
    assert_int_equal(status.block_number, 13);
}

static void test_long_sentence(void **state)
{
    world *w = *state;
    char text[BASE_ERROR_TEXT], expected[256];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    snprintf(expected, sizeof expected, "%.255s", text);
    outcome(w, DSTACK_P2P_ERR_RPC_ERROR, text, 1, expected);
}

static void test_transport(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_string_equal(status.transport, "poll");
    cluster_publish_transport(w->sdk, "subscription");
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_string_equal(status.transport, "subscription");
    cluster_publish_transport(w->sdk, "a name that is too long");
    dstack_p2p_monitor_status(w->sdk, &status);
    assert_string_equal(status.transport, "a name that is ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_changes_are_counted), TEST(test_changes),    TEST(test_first_list_is_empty),
        TEST(test_descriptor),          TEST(test_newer_list), TEST(test_cancelled_in_a_callback),
        TEST(test_own_registration),    TEST(test_outcomes),   TEST(test_age),
        TEST(test_long_sentence),       TEST(test_transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
