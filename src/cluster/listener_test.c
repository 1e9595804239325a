/* SPDX-License-Identifier: MIT */
#include "cluster/listener.h"

#include "base/event.h"
#include "support/fake_websocket.h"
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, START_MS = 1000000 };

typedef struct ear {
    fake_server *server;
    pthread_mutex_t lock; /* guards what follows */
    fake_websocket *socket;
    bool mute; /* the node opens WebSockets, and answers nothing */

    cluster_config config;
    cluster_listener listener;
    int stop_fd, wake_fd;
    unsigned warnings, infos, lines;
    char last_line[512];
} ear;

static uint64_t now_ms;

static uint64_t fake_now(void *context)
{
    (void)context;
    return now_ms;
}

static const base_clock stopped = {.now_ms = fake_now};

/* ---- The node ---- */

static void on_text(void *context, fake_websocket *socket, const char *text)
{
    ear *it = context;
    char answer[64];
    const char *id = strstr(text, "\"id\":");
    pthread_mutex_lock(&it->lock);
    it->socket = socket;
    bool mute = it->mute;
    pthread_mutex_unlock(&it->lock);
    snprintf(answer, sizeof answer, "{\"id\":%d,\"result\":\"0x7a69\"}", id ? atoi(id + 5) : 0);
    if (!mute) fake_websocket_send(socket, answer);
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    ear *it = context;
    if (!strcmp(request->path, "/none"))
        fake_send(reply, 404, "{}");
    else
        fake_websocket_serve(reply, request, on_text, NULL, it);
}

static void set_mute(ear *it, bool mute)
{
    pthread_mutex_lock(&it->lock);
    it->mute = mute;
    pthread_mutex_unlock(&it->lock);
}

static void note(void *context, dstack_p2p_log_level level, const char *message)
{
    ear *it = context;
    it->lines++;
    it->warnings += level == DSTACK_P2P_LOG_WARNING;
    it->infos += level == DSTACK_P2P_LOG_INFO;
    snprintf(it->last_line, sizeof it->last_line, "%s", message);
}

static int setup(void **state)
{
    ear *it = calloc(1, sizeof *it);
    if (!it) return -1;
    pthread_mutex_init(&it->lock, NULL);
    it->server = fake_server_tcp(handle, it);
    it->config.log = (base_log){.fn = note, .context = it, .level = DSTACK_P2P_LOG_DEBUG};
    it->stop_fd = base_event_new();
    it->wake_fd = epoll_create1(EPOLL_CLOEXEC);
    now_ms = START_MS;
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    ear *it = *state;
    cluster_listener_free(&it->listener);
    fake_server_stop(it->server);
    base_event_free(it->stop_fd);
    close(it->wake_fd);
    free(it->config.rpc_urls);
    pthread_mutex_destroy(&it->lock);
    free(it);
    return 0;
}

static void begin(ear *it, const char *urls)
{
    cluster_listener_free(&it->listener);
    free(it->config.rpc_urls);
    it->config.rpc_urls = strdup(urls);
    assert_non_null(it->config.rpc_urls);
    assert_true(cluster_listener_init(&it->listener, &it->config, &stopped, it->stop_fd, it->wake_fd));
    assert_string_equal(it->listener.transport, "poll");
}

/* At the fake node, by a format that its port goes into. */
static void begin_at(ear *it, const char *format)
{
    char urls[512] = "";
    const char *port = strrchr(fake_server_endpoint(it->server), ':') + 1;
    for (const char *at = format; *at; at++)
        snprintf(urls + strlen(urls), sizeof urls - strlen(urls), *at == '#' ? "%s" : "%.1s",
                 *at == '#' ? port : at);
    begin(it, urls);
}

/* ---- Where to look ---- */

static void expect_urls(ear *it, const char *urls, const char *expected, bool given)
{
    char found[1024] = "";
    begin(it, urls);
    for (size_t i = 0; i < it->listener.count; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i ? " " : "",
                 it->listener.urls[i]);
    assert_string_equal(found, expected);
    assert_int_equal(it->listener.given, given);
    assert_true(cluster_listener_due_ms(&it->listener) == START_MS);
}

static void test_guesses(void **state)
{
    ear *it = *state;
    expect_urls(it, "http://h", "http://h", false);
    expect_urls(it, "https://h/v2/key", "https://h/v2/key", false);
    expect_urls(it, "http://h:8545", "http://h:8545 http://h:8546", false);
    expect_urls(it, "http://h:8545/a?b", "http://h:8545/a?b http://h:8546/a?b", false);
    expect_urls(it, "http://h:8545?b", "http://h:8545?b http://h:8546?b", false);
    expect_urls(it, "http://[::1]:8545", "http://[::1]:8545 http://[::1]:8546", false);
    expect_urls(it, "http://u:8545@h:8545/", "http://u:8545@h:8545/ http://u:8545@h:8546/", false);
    expect_urls(it, "http://a:8545,https://b", "http://a:8545 http://a:8546 https://b", false);
}

static void test_no_other_guesses(void **state)
{
    static const char *const alone[] = {"http://h:54545",      "http://h:18545",    "http://h:854",
                                        "http://u:8545@h/",    "http://[::8545]/",  "http://h/x:8545/y",
                                        "http://h/?a=b:8545/", "http://u:8545@h:1/"};
    ear *it = *state;
    for (size_t i = 0; i < COUNT(alone); i++)
        expect_urls(it, alone[i], alone[i], false);
}

/* Where WebSockets are given, nothing is guessed. */
static void test_given(void **state)
{
    ear *it = *state;
    expect_urls(it, "ws://h:8545", "ws://h:8545", true);
    expect_urls(it, "http://h:8545,wss://k/key", "wss://k/key", true);
    expect_urls(it, "WS://a,http://b, wss://c ,https://d", "WS://a wss://c", true);
}

static void test_many(void **state)
{
    ear *it = *state;
    expect_urls(it,
                "http://a:8545,http://b:8545,http://c:8545,http://d:8545,http://e:8545,http://f:8545,"
                "http://g:8545,http://h:8545",
                "http://a:8545 http://a:8546 http://b:8545 http://b:8546 http://c:8545 http://c:8546 "
                "http://d:8545 http://d:8546 http://e:8545 http://e:8546 http://f:8545 http://f:8546 "
                "http://g:8545 http://g:8546 http://h:8545 http://h:8546",
                false);
}

/* ---- Trying ---- */

/* Tries when it is due, and not a moment before; in vain, and then so long until the next time. */
static void expect_pause(ear *it, uint64_t pause)
{
    uint64_t due = cluster_listener_due_ms(&it->listener);
    size_t requests = fake_server_count(it->server);
    if (due > now_ms) {
        now_ms = due - 1;
        assert_false(cluster_listener_tend(&it->listener, 31337));
        assert_true(cluster_listener_due_ms(&it->listener) == due);
        assert_int_equal(fake_server_count(it->server), requests);
        now_ms = due;
    }
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_string_equal(it->listener.transport, "poll");
    assert_int_equal(cluster_listener_due_ms(&it->listener) - now_ms, pause);
}

static void expect_open(ear *it)
{
    uint64_t due = cluster_listener_due_ms(&it->listener);
    if (due > now_ms) now_ms = due;
    assert_true(cluster_listener_tend(&it->listener, 31337));
    assert_non_null(it->listener.subscription);
    assert_string_equal(it->listener.transport, "subscription");
}

static void test_pauses_of_guesses(void **state)
{
    static const uint64_t seconds[] = {30, 60, 120, 240, 300, 300};
    ear *it = *state;
    begin_at(it, "http://127.0.0.1:#/none");
    for (size_t i = 0; i < COUNT(seconds); i++)
        expect_pause(it, seconds[i] * 1000);
    assert_int_equal(it->lines, 1); /* and that only for those who want to know it all */
    assert_int_equal(it->warnings + it->infos, 0);
    assert_non_null(strstr(it->last_line, "polling: "));
}

static void test_pauses_of_given_ones(void **state)
{
    static const uint64_t pauses[] = {250, 500, 1000, 1000};
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/none");
    for (size_t i = 0; i < COUNT(pauses); i++)
        expect_pause(it, pauses[i]);
    assert_int_equal(it->lines, 1);
    assert_int_equal(it->warnings, 1);
}

/* All of them one after another, and then a pause. */
static void test_several(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/none,ws://127.0.0.1:1/,ws://127.0.0.1:#/");
    expect_pause(it, 0);
    expect_pause(it, 0);
    expect_open(it);
    assert_int_equal(it->listener.next, 2);
    cluster_listener_close(&it->listener, "a test");
    expect_open(it); /* the one that worked comes first */
    assert_int_equal(it->listener.next, 2);
}

/* One that lets us wait holds up everything else: it is tried seldom, whatever the others do. */
static void test_no_answer_in_time(void **state)
{
    ear *it = *state;
    set_mute(it, true);
    begin_at(it, "ws://127.0.0.1:#/,ws://127.0.0.1:#/none");
    expect_pause(it, 0);
    expect_pause(it, 30000);
    assert_true(it->warnings > 0);
    set_mute(it, false);
    expect_open(it);
}

static void test_other_chain(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/a,ws://127.0.0.1:#/none");
    assert_false(cluster_listener_tend(&it->listener, 1));
    assert_non_null(strstr(it->last_line, "on chain 31337, not on chain 1"));
    assert_int_equal(it->listener.count, 1);
    expect_pause(it, 250); /* the other one */
    begin_at(it, "ws://127.0.0.1:#/a");
    assert_false(cluster_listener_tend(&it->listener, 1));
    assert_true(cluster_listener_due_ms(&it->listener) == UINT64_MAX); /* for good */
    assert_false(cluster_listener_tend(&it->listener, 1));
}

/* Opened when the chain was not known yet, and judged when it is. */
static void test_other_chain_later(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/");
    assert_true(cluster_listener_tend(&it->listener, 0));
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_non_null(it->listener.subscription);
    assert_false(cluster_listener_tend(&it->listener, 1));
    assert_null(it->listener.subscription);
    assert_non_null(strstr(it->last_line, "on another chain"));
    assert_true(cluster_listener_due_ms(&it->listener) == UINT64_MAX);
}

static void test_stop(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/");
    base_event_set(it->stop_fd);
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_int_equal(it->lines, 0);
}

static void test_cannot_be_waited_for(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/");
    it->listener.wake_fd = -1;
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_null(it->listener.subscription);
    assert_non_null(strstr(it->last_line, "cannot be waited for"));
}

/* ---- Open ---- */

static fake_websocket *socket_of(ear *it)
{
    pthread_mutex_lock(&it->lock);
    fake_websocket *socket = it->socket;
    pthread_mutex_unlock(&it->lock);
    return socket;
}

static bool is_awake(const ear *it, int ms)
{
    struct pollfd item = {.fd = it->wake_fd, .events = POLLIN};
    return poll(&item, 1, ms) == 1;
}

static void test_hears(void **state)
{
    ear *it = *state;
    eth_hints hints = {0};
    begin_at(it, "http://127.0.0.1:#/");
    assert_true(cluster_listener_read(&it->listener, &hints, NULL, NULL)); /* nothing to hear yet */
    expect_open(it);
    assert_int_equal(it->infos, 1);
    assert_non_null(strstr(it->last_line, "heard of by a subscription at"));
    assert_false(is_awake(it, 0));
    fake_websocket_send(socket_of(it),
                        "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x7a69\","
                        "\"result\":{\"topics\":[],\"blockNumber\":\"0x10\"}}}");
    assert_true(is_awake(it, PATIENCE_MS));
    assert_true(cluster_listener_read(&it->listener, &hints, NULL, NULL));
    assert_int_equal(hints.log_number, 16);
    assert_false(is_awake(it, 0));
    assert_true(cluster_listener_due_ms(&it->listener) == START_MS + 15000);
}

static void lose(ear *it)
{
    eth_hints hints = {0};
    fake_websocket_drop(socket_of(it));
    do
        assert_true(is_awake(it, PATIENCE_MS));
    while (cluster_listener_read(&it->listener, &hints, NULL, NULL));
    assert_null(it->listener.subscription);
    assert_string_equal(it->listener.transport, "poll");
    assert_false(is_awake(it, 0));
}

/* One that is lost is opened again soon; less soon, when it is lost again right away. */
static void test_lost(void **state)
{
    static const uint64_t pauses[] = {250, 500, 1000, 1000};
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/");
    for (size_t i = 0; i < COUNT(pauses); i++) {
        expect_open(it);
        lose(it);
        assert_int_equal(cluster_listener_due_ms(&it->listener) - now_ms, pauses[i]);
    }
    expect_open(it);
    now_ms += 1000;
    lose(it);
    assert_int_equal(cluster_listener_due_ms(&it->listener) - now_ms, 250);
    assert_int_equal(it->warnings, 0);
}

/* One that worked once is known to be there: it is tried often, and that it is not there is a warning. */
static void test_gone(void **state)
{
    ear *it = *state;
    begin_at(it, "http://127.0.0.1:#/");
    expect_open(it);
    now_ms += 1000;
    cluster_listener_close(&it->listener, "a test");
    cluster_listener_close(&it->listener, "that is over already");
    assert_non_null(strstr(it->last_line, "polling: a test"));
    free(it->listener.urls[0]);
    it->listener.urls[0] = strdup("http://127.0.0.1:1/");
    expect_pause(it, 250);
    expect_pause(it, 500);
    expect_pause(it, 1000);
    expect_pause(it, 1000);
    assert_int_equal(it->warnings, 1);
}

/* A node that is silent, and does not answer a ping. */
static void test_silent(void **state)
{
    ear *it = *state;
    begin_at(it, "ws://127.0.0.1:#/");
    expect_open(it);
    now_ms += 15000;
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_non_null(it->listener.subscription);
    now_ms += 10000; /* an answer that nobody reads is none */
    assert_false(cluster_listener_tend(&it->listener, 31337));
    assert_null(it->listener.subscription);
    assert_non_null(strstr(it->last_line, "no sign of life"));
    assert_int_equal(cluster_listener_due_ms(&it->listener) - now_ms, 250);
}

static void test_freed(void **state)
{
    ear *it = *state;
    cluster_listener none = {.subscription = NULL};
    cluster_listener_free(&none);
    begin_at(it, "ws://127.0.0.1:#/");
    expect_open(it);
    cluster_listener_free(&it->listener); /* an open one, too */
    assert_true(cluster_listener_due_ms(&it->listener) == UINT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_guesses),
        TEST(test_no_other_guesses),
        TEST(test_given),
        TEST(test_many),
        TEST(test_pauses_of_guesses),
        TEST(test_pauses_of_given_ones),
        TEST(test_several),
        TEST(test_no_answer_in_time),
        TEST(test_other_chain),
        TEST(test_other_chain_later),
        TEST(test_stop),
        TEST(test_cannot_be_waited_for),
        TEST(test_hears),
        TEST(test_lost),
        TEST(test_gone),
        TEST(test_silent),
        TEST(test_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
