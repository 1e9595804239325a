/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "streams.h"

#include "unit.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than what the kernel buffers on the way of an answer: 1.3 MB. */
enum { PEERS = 5000, RECEIVE_BUFFER = 4096, WAIT_MS = 20000 };

/* In place of node.c's: time passes when the test says so. */
static atomic_ullong now_ms;

uint64_t node_now_ms(void)
{
    return atomic_load(&now_ms);
}

void node_wake(int fd)
{
    (void)fd;
}

typedef struct fixture {
    hello_node node;
    hello_server *server;
    struct sockaddr_in address;
} fixture;

static void put_peer(fixture *it, unsigned number)
{
    char id[41], url[128];
    snprintf(id, sizeof id, "%040x", number);
    snprintf(url, sizeof url, "https://%s-8080.app.example.com", id);
    pthread_mutex_lock(&it->node.lock);
    assert_true(peers_put(&it->node.others, id, url));
    pthread_mutex_unlock(&it->node.lock);
}

static int setup(void **state)
{
    fixture *it = calloc(1, sizeof *it);
    socklen_t len = sizeof it->address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = 64 * 1024;
    assert_non_null(it);
    atomic_store(&now_ms, 1000000);
    pthread_mutex_init(&it->node.lock, NULL);
    for (unsigned i = 0; i < PEERS; i++)
        put_peer(it, i);
    it->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    assert_int_equal(bind(fd, (struct sockaddr *)&it->address, sizeof it->address), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&it->address, &len), 0);
    it->server = server_start(&it->node, fd);
    assert_non_null(it->server);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    fixture *it = *state;
    server_stop(it->server);
    peers_clear(&it->node.others);
    feed_clear(&it->node.feed);
    pthread_mutex_destroy(&it->node.lock);
    free(it);
    return 0;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static int ask(const fixture *it, const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), size = RECEIVE_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    assert_int_equal(connect(fd, (const struct sockaddr *)&it->address, sizeof it->address), 0);
    say(fd, text);
    return fd;
}

/* Bytes until the other side ends the connection. */
static size_t drain(int fd)
{
    char part[65536];
    size_t total = 0;
    for (;;) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        if (poll(&item, 1, WAIT_MS) != 1) fail_msg("neither bytes nor the end");
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got <= 0) break;
        total += (size_t)got;
    }
    close(fd);
    return total;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* A whole answer; its length. */
static size_t get_peers(const fixture *it)
{
    return drain(ask(it, GET("/peers")));
}

static void read_first_byte(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
}

/* Who asks again and again has one answer made for all, for half a second. */
static void test_answer_is_shared(void **state)
{
    fixture *it = *state;
    size_t len = get_peers(it);
    assert_true(len > 1000000);
    put_peer(it, PEERS);
    atomic_fetch_add(&now_ms, 499);
    assert_int_equal(get_peers(it), len);
    atomic_fetch_add(&now_ms, 1);
    assert_true(get_peers(it) > len);
}

static void test_slow_reader_is_thrown_out(void **state)
{
    fixture *it = *state;
    size_t len = get_peers(it);
    int slow = ask(it, GET("/peers"));
    read_first_byte(slow);
    atomic_fetch_add(&now_ms, 15000);
    get_peers(it); /* whose coming makes the guard look */
    assert_true(drain(slow) < len - 1);
}

/* Within its time it is served, though others come and go. */
static void test_reader_has_its_time(void **state)
{
    fixture *it = *state;
    size_t len = get_peers(it);
    int slow = ask(it, GET("/peers"));
    read_first_byte(slow);
    atomic_fetch_add(&now_ms, 14999);
    get_peers(it);
    assert_int_equal(drain(slow), len - 1);
}

/* While there is room, who has not even asked yet costs little and may stay; who was answered, too. */
static void test_slow_asker_stays(void **state)
{
    fixture *it = *state;
    int slow = ask(it, "GET /he"), kept = ask(it, "GET /info HTTP/1.1\r\nHost: a\r\n\r\n");
    read_first_byte(kept);
    drain(ask(it, GET("/info")));
    atomic_fetch_add(&now_ms, 60000);
    drain(ask(it, GET("/info")));
    say(slow, "alth HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(drain(slow) > 100);
    say(kept, GET("/info"));
    assert_true(drain(kept) > 300);
}

/* ---- Streams of events */

#define EVENTS "GET /events HTTP/1.1\r\nHost: a\r\n"

/* Reads what comes until it holds `text`, seeing to the streams meanwhile. */
static void await(const fixture *it, int fd, const char *text)
{
    static char part[65536 + 256];
    size_t kept = 0;
    for (unsigned waited = 0; waited < WAIT_MS; waited += 10) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        server_tend(it->server);
        if (poll(&item, 1, 10) != 1) continue;
        ssize_t got = recv(fd, part + kept, sizeof part - kept - 1, 0);
        if (got <= 0) fail_msg("ended before '%s'", text);
        size_t len = kept + (size_t)got;
        part[len] = '\0';
        if (strstr(part, text)) return;
        kept = len < 200 ? len : 200;
        memmove(part, part + len - kept, kept);
    }
    fail_msg("'%s' did not come", text);
}

/* Whether the connection ends, whatever comes before. */
static bool ends(const fixture *it, int fd)
{
    char part[65536];
    for (unsigned waited = 0; waited < WAIT_MS; waited += 10) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        server_tend(it->server);
        if (poll(&item, 1, 10) == 1 && recv(fd, part, sizeof part, 0) <= 0) return true;
    }
    return false;
}

static void publish(fixture *it, const char *what)
{
    pthread_mutex_lock(&it->node.lock);
    feed_publish(&it->node.feed, "left", json_pack("{ss}", "instance_id", what));
    pthread_mutex_unlock(&it->node.lock);
}

static unsigned lookers(fixture *it)
{
    pthread_mutex_lock(&it->node.lock);
    unsigned count = it->node.lookers;
    pthread_mutex_unlock(&it->node.lock);
    return count;
}

/* However many peers there are, a state has its limit, and says how many there are. */
static void test_stream_begins_with_the_state(void **state)
{
    fixture *it = *state;
    int fd = ask(it, EVENTS "\r\n");
    await(it, fd, "retry: 2000\nid: 0-0\nevent: state\ndata: {\"time\":");
    await(it, fd, "\"count\":5000");
    publish(it, "somebody");
    await(it, fd, "id: 0-1\nevent: left\ndata: {\"instance_id\":\"somebody\"}\n\n");
    assert_int_equal(lookers(it), 1);
    close(fd);
}

static void test_stream_goes_on_after_the_last_event(void **state)
{
    fixture *it = *state;
    publish(it, "first");
    publish(it, "second");
    int fd = ask(it, EVENTS "Last-Event-ID: 0-1\r\n\r\n");
    await(it, fd, "id: 0-2\nevent: left\ndata: {\"instance_id\":\"second\"}\n\n");
    close(fd);
    static const char *const others[] = {"1-1", "0-3", "0-", "0-1x", "", "-1", "0--1"};
    for (size_t i = 0; i < COUNT(others); i++) {
        char request[128];
        snprintf(request, sizeof request, EVENTS "Last-Event-ID: %s\r\n\r\n", others[i]);
        fd = ask(it, request);
        await(it, fd, "event: state");
        close(fd);
    }
}

/* Whoever missed more than what is kept, and whoever sees a new list, gets the state again. */
static void test_stream_that_is_behind_starts_anew(void **state)
{
    fixture *it = *state;
    int fd = ask(it, EVENTS "\r\n");
    await(it, fd, "\"changes\":[");
    pthread_mutex_lock(&it->node.lock);
    for (unsigned i = 0; i < 2 * FEED_EVENTS; i++)
        feed_publish(&it->node.feed, "left", json_pack("{s[i]}", "changes", (int)i));
    pthread_mutex_unlock(&it->node.lock);
    await(it, fd, "event: state");
    await(it, fd, "\"changes\":[");
    pthread_mutex_lock(&it->node.lock);
    feed_start_anew(&it->node.feed);
    pthread_mutex_unlock(&it->node.lock);
    await(it, fd, "event: state");
    close(fd);
}

static void test_stream_is_for_our_own_page(void **state)
{
    static const char *const sites[] = {"cross-site", "same-site", ""};
    fixture *it = *state;
    char request[128];
    for (size_t i = 0; i < COUNT(sites); i++) {
        snprintf(request, sizeof request, EVENTS "Sec-Fetch-Site: %s\r\n\r\n", sites[i]);
        int fd = ask(it, request);
        await(it, fd, "403 Forbidden");
        close(fd);
    }
    assert_int_equal(lookers(it), 0);
    int fd = ask(it, EVENTS "Sec-Fetch-Site: same-origin\r\n\r\n");
    await(it, fd, "event: state");
    close(fd);
}

static void test_stream_has_a_heartbeat(void **state)
{
    fixture *it = *state;
    int fd = ask(it, EVENTS "\r\n");
    await(it, fd, "\"changes\":[");
    atomic_fetch_add(&now_ms, STREAM_BEAT_MS);
    await(it, fd, "3\r\n:\n\n");
    close(fd);
}

static void test_streams_have_a_limit(void **state)
{
    fixture *it = *state;
    int fds[STREAMS_MAX], more;
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        fds[i] = ask(it, EVENTS "\r\n");
        await(it, fds[i], "event: state");
    }
    more = ask(it, EVENTS "\r\n");
    await(it, more, "Retry-After: 5\r\n");
    close(more);
    /* The others read until nothing is left, and one goes away: its place is free soon. */
    for (size_t i = 0; i < STREAMS_MAX; i++)
        await(it, fds[i], "\"changes\":[");
    close(fds[7]);
    for (unsigned waited = 0; lookers(it) == STREAMS_MAX && waited < WAIT_MS; waited++) {
        server_tend(it->server);
        poll(NULL, 0, 1);
    }
    fds[7] = ask(it, EVENTS "\r\n");
    await(it, fds[7], "event: state");
    for (size_t i = 0; i < STREAMS_MAX; i++)
        close(fds[i]);
}

static void test_slow_reader_of_events_is_thrown_out(void **state)
{
    fixture *it = *state;
    int slow = ask(it, EVENTS "\r\n"), good = ask(it, EVENTS "\r\n");
    read_first_byte(slow);
    await(it, good, "\"changes\":[");
    atomic_fetch_add(&now_ms, 15000);
    publish(it, "somebody"); /* whose leaving makes the guard look */
    await(it, good, "somebody");
    assert_true(ends(it, slow));
    publish(it, "another");
    await(it, good, "another");
    close(slow);
    close(good);
}

/* Room is made by those who wait for nothing, not by streams, however long they are open. */
static void test_stream_makes_no_room(void **state)
{
    fixture *it = *state;
    int fd = ask(it, EVENTS "\r\n"), idle[120];
    await(it, fd, "\"changes\":[");
    for (size_t i = 0; i < COUNT(idle); i++)
        idle[i] = ask(it, "GET /he");
    drain(ask(it, GET("/info")));
    atomic_fetch_add(&now_ms, 60000);
    drain(ask(it, GET("/info")));
    for (size_t i = 0; i < COUNT(idle); i++)
        drain(idle[i]);
    publish(it, "somebody");
    await(it, fd, "somebody");
    close(fd);
}

/* ---- The page */

static void expect_answer(const fixture *it, const char *request, const char *part)
{
    int fd = ask(it, request);
    await(it, fd, part);
    close(fd);
}

static void test_page_is_served(void **state)
{
    fixture *it = *state;
    expect_answer(it, GET("/"), "Content-Type: text/html; charset=utf-8\r\n");
    expect_answer(it, GET("/?a=b"), "<title>hello_p2p</title>");
    expect_answer(it, GET("/"), "Content-Security-Policy: default-src 'none'; script-src 'self'; ");
    expect_answer(it, GET("/style.css"), "Content-Type: text/css; charset=utf-8\r\n");
    expect_answer(it, GET("/page.js"), "Content-Type: text/javascript; charset=utf-8\r\n");
    expect_answer(it, GET("/icon.svg"), "X-Content-Type-Options: nosniff\r\n");
    expect_answer(it, GET("/page/index.html"), "404 Not Found");
    expect_answer(it, GET("/../server.c"), "404 Not Found");
    expect_answer(it, GET("/nothing"), "there are /, /hello, /info, /peers, /health, /events and /metrics");
}

/* On localhost a browser sends the cookies of whatever else is developed there. */
static void test_page_is_served_with_cookies(void **state)
{
    static const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=", end[] = "\r\n\r\n";
    enum { COOKIE_BYTES = 6000 };
    char request[sizeof begin + COOKIE_BYTES + sizeof end];
    int len = snprintf(request, sizeof request, "%s%0*d%s", begin, COOKIE_BYTES, 0, end);
    assert_in_range(len, COOKIE_BYTES, sizeof request - 1);
    expect_answer(*state, request, "200 OK");
}

static void test_page_is_not_sent_twice(void **state)
{
    fixture *it = *state;
    char answer[2048], request[256], *tag;
    int fd = ask(it, "HEAD /page.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    ssize_t len = recv(fd, answer, sizeof answer - 1, 0);
    assert_true(len > 0);
    answer[len] = '\0';
    assert_non_null(tag = strstr(answer, "ETag: \""));
    tag[6 + 18] = '\0';
    snprintf(request, sizeof request, "GET /page.js HTTP/1.1\r\nHost: a\r\nIf-None-Match: %s\r\n\r\n",
             tag + 6);
    expect_answer(it, request, "304 Not Modified");
    expect_answer(it, "GET /page.js HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"0123456789abcdef\"\r\n\r\n",
                  "200 OK");
    close(fd);
}

static void test_heads(void **state)
{
    static const char *const paths[] = {"/",      "/style.css", "/hello",  "/info",
                                        "/peers", "/health",    "/events", "/metrics"};
    fixture *it = *state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        char request[128];
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                 paths[i]);
        assert_true(drain(ask(it, request)) < 900);
    }
    assert_int_equal(lookers(it), 0);
}

/* The last test lowers how many files may be open, for good. */
static int setup_small(void **state)
{
    struct rlimit files = {.rlim_cur = 300, .rlim_max = 300};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    return setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_is_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader_is_thrown_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reader_has_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_asker_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_begins_with_the_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_goes_on_after_the_last_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_that_is_behind_starts_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_is_for_our_own_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_has_a_heartbeat, setup, teardown),
        cmocka_unit_test_setup_teardown(test_streams_have_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader_of_events_is_thrown_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_is_served, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_is_served_with_cookies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_is_not_sent_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_heads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream_makes_no_room, setup_small, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
