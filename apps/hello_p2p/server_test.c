/* SPDX-License-Identifier: MIT */
#include "server.h"

#include "unit.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_is_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader_is_thrown_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reader_has_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_asker_stays, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
