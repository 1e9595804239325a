/* SPDX-License-Identifier: MIT */
/* What is bounded, at the bound and beyond. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sim_folder folder;
static sim_process process;

static int set_up(void **state)
{
    (void)state;
    folder = sim_folder_make();
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_stop_clean(&process);
    sim_folder_remove(&folder);
    return 0;
}

/* A body of `len` bytes: {}, then spaces. */
static sim_reply post_sized(size_t len, const char *path)
{
    char *body = malloc(len);
    assert_non_null(body);
    memset(body, ' ', len);
    memcpy(body, "{}", 2);
    sim_reply reply = sim_request_bytes(sim_tcp(&process), "POST", path, body, len);
    free(body);
    return reply;
}

static void test_body_size(void **state)
{
    static const size_t too_large[] = {64 * 1024 + 1, 1024 * 1024 + 1, 20 * 1024 * 1024};
    (void)state;
    sim_reply reply = post_sized(64 * 1024, "/Version");
    assert_int_equal(reply.status, 200);
    sim_reply_free(&reply);
    for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
        reply = post_sized(too_large[i], "/Version");
        assert_int_equal(reply.status, 413);
        assert_non_null(strstr(sim_reply_text(&reply, "error"), "65536 bytes"));
        sim_reply_free(&reply);
    }
}

/* Nobody says beforehand how long a chunked body gets. */
static void test_chunked_body_size(void **state)
{
    char chunk[4096 + 16], answer[4096];
    int fd = sim_connect(sim_tcp(&process));
    (void)state;
    memset(chunk, ' ', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 3);
    sim_send(fd, "POST /Version HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 17; i++)
        sim_send(fd, chunk);
    sim_send(fd, "0\r\n\r\n");
    sim_receive(fd, answer, sizeof answer, 20);
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    close(fd);
}

static void test_chunked_body(void **state)
{
    char answer[4096];
    int fd = sim_connect(sim_tcp(&process));
    (void)state;
    sim_send(fd, "POST /Version HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n");
    sim_receive(fd, answer, sizeof answer, 20);
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    close(fd);
}

static void check_field(const char *field, size_t len, bool fine, bool query)
{
    char text[3 * 1025 + 1], request[4096];
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < len; i++)
        memcpy(text + strlen(text), query ? "%78" : "x", query ? 3 : 1);
    snprintf(request, sizeof request, query ? "/GetKey?%s=%s" : "{\"%s\":\"%s\"}", field, text);
    sim_reply reply = query ? sim_request(sim_tcp(&process), request, NULL)
                            : sim_request(sim_tcp(&process), "/GetKey", request);
    assert_int_equal(reply.status, fine ? 200 : 400);
    if (!fine) assert_non_null(strstr(sim_reply_text(&reply, "error"), "has 1025 bytes"));
    sim_reply_free(&reply);
}

static void test_path_and_purpose_size(void **state)
{
    (void)state;
    for (int query = 0; query < 2; query++) {
        check_field("path", 1024, true, query);
        check_field("path", 1025, false, query);
        check_field("purpose", 1024, true, query);
        check_field("purpose", 1025, false, query);
    }
}

static void test_head_size(void **state)
{
    static char path[14 * 1024], request[64 * 1024];
    (void)state;
    memset(path, 'x', sizeof path - 1);
    memcpy(path, "/Version?x=", 11);
    sim_reply reply = sim_request(sim_tcp(&process), path, NULL);
    assert_int_equal(reply.status, 200);
    sim_reply_free(&reply);
    memset(request, 'x', sizeof request - 1);
    memcpy(request, "GET /", 5);
    char answer[4096];
    int fd = sim_connect(sim_tcp(&process)), status = 0;
    sim_send(fd, request);
    sim_receive(fd, answer, sizeof answer, 20);
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d ", &status), 1);
    assert_in_range(status, 400, 499);
    close(fd);
}

/* A request that never ends holds up nobody. */
static void test_slow_client(void **state)
{
    char id[41];
    int fd = sim_connect(sim_tcp(&process));
    (void)state;
    sim_send(fd, "POST /Info HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    double start = sim_now();
    sim_instance_id_of(sim_tcp(&process), id);
    assert_true(sim_now() - start < 2);
    close(fd);
}

/* More connections than there are places: the oldest have to go, the newest get their answer. */
static void test_many_connections(void **state)
{
    enum { MANY = 400 };
    static int fds[MANY];
    char id[41], answer[64];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        fds[i] = sim_connect(i % 2 ? sim_tcp(&process) : sim_unix(process.unix_path));
        sim_send(fds[i], "POST /Info HTTP/1.1\r\n");
    }
    double start = sim_now();
    sim_instance_id_of(sim_tcp(&process), id);
    assert_true(sim_now() - start < 5);
    assert_int_equal(sim_receive(fds[0], answer, sizeof answer, 1), 0); /* gone */
    sim_send(fds[MANY - 1], "Host: x\r\nContent-Length: 2\r\n\r\n{}");
    sim_receive(fds[MANY - 1], answer, sizeof answer, 12);
    assert_memory_equal(answer, "HTTP/1.1 200", 12);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

static void test_number_of_instances(void **state)
{
    char path[64], id[41];
    (void)state;
    for (int i = 0; i < 1024; i++) {
        snprintf(path, sizeof path, "/i/n%d/Version", i);
        sim_reply reply = sim_request(sim_unix(process.unix_path), path, NULL);
        assert_int_equal(reply.status, 200);
        sim_reply_free(&reply);
    }
    sim_expect_error(sim_tcp(&process), "/i/one-more/Version", NULL, 400, "1024 named instances already");
    snprintf(path, sizeof path, "%s/n1023/dstack.sock", folder.path);
    sim_instance_id_of(sim_unix(path), id);
    sim_instance_id_of(sim_tcp(&process), id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body_size),        cmocka_unit_test(test_chunked_body_size),
        cmocka_unit_test(test_chunked_body),     cmocka_unit_test(test_path_and_purpose_size),
        cmocka_unit_test(test_head_size),        cmocka_unit_test(test_slow_client),
        cmocka_unit_test(test_many_connections), cmocka_unit_test(test_number_of_instances),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
