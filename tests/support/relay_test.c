/* SPDX-License-Identifier: MIT */
#include "support/relay.h"

#include "support/fake_server.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, ANSWER = 400, LARGE = 64 * 1024 * 1024 };

typedef struct world {
    fake_server *server;
    relay *line;
} world;

/* A body long enough to be cut wherever the relay cuts. */
static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    char body[ANSWER + 1];
    (void)context;
    memset(body, 'x', ANSWER);
    body[ANSWER] = '\0';
    if (!strcmp(request->path, "/large"))
        fake_stream(reply, LARGE, true);
    else
        fake_send(reply, 200, body);
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    if (!w) return -1;
    w->server = fake_server_tcp(handle, NULL);
    w->line = relay_start((unsigned)atoi(strrchr(fake_server_endpoint(w->server), ':') + 1), 1);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    relay_stop(w->line);
    fake_server_stop(w->server);
    free(w);
    return 0;
}

static int dial(const world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)relay_port(w->line)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void ask(int fd, const char *method, const char *path)
{
    char text[256];
    int len = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nContent-Length: 0\r\n\r\n", method, path);
    assert_true(send(fd, text, (size_t)len, MSG_NOSIGNAL) == len);
}

static bool is_readable(int fd, int ms)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, ms) == 1;
}

/* Bytes until a whole answer has come, or the end. */
static size_t read_answer(int fd, bool *whole)
{
    char data[1024];
    size_t len = 0;
    ssize_t got = 1;
    *whole = false;
    while (!*whole && got > 0) {
        assert_true(is_readable(fd, PATIENCE_MS));
        got = recv(fd, data + len, sizeof data - 1 - len, 0);
        if (got > 0) len += (size_t)got;
        data[len] = '\0';
        const char *body = strstr(data, "\r\n\r\n");
        *whole = body && strlen(body + 4) == ANSWER;
    }
    return len;
}

static void expect_answer(int fd, const char *method)
{
    bool whole;
    ask(fd, method, "/");
    read_answer(fd, &whole);
    assert_true(whole);
}

/* The other side has closed, with nothing said. */
static void expect_end(int fd)
{
    char byte;
    assert_true(is_readable(fd, PATIENCE_MS));
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
}

static void test_good_line(void **state)
{
    world *w = *state;
    int one = dial(w), two = dial(w);
    for (int i = 0; i < 3; i++) {
        expect_answer(one, "POST");
        expect_answer(two, "GET");
    }
    assert_int_equal(relay_connections(w->line), 2);
    assert_int_equal(relay_broken(w->line), 0);
    close(one);
    close(two);
}

static void test_down(void **state)
{
    world *w = *state;
    int old = dial(w);
    expect_answer(old, "POST");
    relay_set(w->line, (relay_faults){.down = true});
    expect_end(old);
    expect_end(dial(w));
    relay_set(w->line, (relay_faults){.down = false});
    int fresh = dial(w);
    expect_answer(fresh, "POST");
    close(fresh);
}

static void test_websockets_alone(void **state)
{
    world *w = *state;
    int socket = dial(w), other = dial(w);
    expect_answer(socket, "GET");
    expect_answer(other, "POST");
    relay_drop_websockets(w->line);
    expect_end(socket);
    expect_answer(other, "POST");
    socket = dial(w);
    expect_answer(socket, "GET"); /* a later one is not meant */
    relay_set(w->line, (relay_faults){.websockets_down = true});
    expect_end(socket);
    socket = dial(w);
    ask(socket, "GET", "/");
    expect_end(socket);
    expect_answer(other, "POST");
    close(other);
}

/* Each connection by chance, and the same ones for the same seed. */
static void test_breaks(void **state)
{
    world *w = *state;
    bool whole;
    relay_set(w->line, (relay_faults){.breaks_permille = 1000});
    for (unsigned i = 1; i <= 20; i++) {
        int fd = dial(w);
        ask(fd, "POST", "/");
        assert_true(read_answer(fd, &whole) < 300);
        assert_false(whole);
        assert_int_equal(relay_broken(w->line), i);
        close(fd);
    }
    relay_set(w->line, (relay_faults){.breaks_permille = 500});
    for (int i = 0; i < 100; i++) {
        int fd = dial(w);
        ask(fd, "POST", "/");
        read_answer(fd, &whole);
        close(fd);
    }
    assert_in_range(relay_broken(w->line), 20 + 25, 20 + 75);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void test_delay(void **state)
{
    world *w = *state;
    relay_set(w->line, (relay_faults){.delay_ms = 50});
    int fd = dial(w);
    uint64_t start = clock_ms();
    expect_answer(fd, "POST");
    assert_true(clock_ms() - start >= 2 * 50 - 1); /* there and back */
    close(fd);
}

static void test_stuck(void **state)
{
    world *w = *state;
    bool whole;
    int fd = dial(w);
    expect_answer(fd, "POST");
    relay_set(w->line, (relay_faults){.stuck = true});
    (void)is_readable(fd, 50); /* until it looks again */
    ask(fd, "POST", "/");
    assert_false(is_readable(fd, 100));
    relay_set(w->line, (relay_faults){.stuck = false});
    read_answer(fd, &whole);
    assert_true(whole);
    close(fd);
}

/* Of a connection that passes on what nobody reads. */
static void test_stop_in_the_midst(void **state)
{
    world *w = *state;
    int fd = dial(w);
    ask(fd, "POST", "/large");
    assert_true(is_readable(fd, PATIENCE_MS));
    relay_stop(w->line);
    w->line = NULL;
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_good_line), TEST(test_down),  TEST(test_websockets_alone),  TEST(test_breaks),
        TEST(test_delay),     TEST(test_stuck), TEST(test_stop_in_the_midst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
