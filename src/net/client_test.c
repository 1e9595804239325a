/* SPDX-License-Identifier: MIT */
#include "net/client.h"

#include "base/event.h"
#include "support/fake_server.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BODY = 1000 };

typedef enum behaviour {
    ECHO,
    HALF,
    CLOSE,
    RAW,
    EXACT,
    BEYOND,
    BEYOND_UNANNOUNCED,
    SLOW,
    REDIRECT,
    EMPTY,
    LATER
} behaviour;

typedef struct served {
    _Atomic behaviour what;
    pthread_mutex_t lock; /* of the texts: a connection that was given up may still be answered */
    char path[64], method[16], body[256];
} served;

static void answer(void *context, const fake_request *request, fake_reply *reply)
{
    served *it = context;
    behaviour what = it->what;
    char large[MAX_BODY + 2];
    pthread_mutex_lock(&it->lock);
    snprintf(it->path, sizeof it->path, "%s", request->path);
    snprintf(it->method, sizeof it->method, "%s", request->method);
    snprintf(it->body, sizeof it->body, "%s", request->body);
    pthread_mutex_unlock(&it->lock);
    memset(large, 'x', sizeof large);
    large[what == EXACT ? MAX_BODY : MAX_BODY + 1] = '\0';
    switch (what) {
    case ECHO:
        fake_send(reply, 200, request->body);
        break;
    case HALF:
        fake_send_half(reply, "{\"promised\":\"whole\"}");
        break;
    case CLOSE:
        fake_close(reply);
        break;
    case RAW:
        fake_send_raw(reply, "SSH-2.0-nonsense\r\n", 18);
        fake_close(reply);
        break;
    case EXACT:
    case BEYOND:
        fake_send(reply, 200, large);
        break;
    case BEYOND_UNANNOUNCED:
        fake_stream(reply, 100 * 1000 * 1000, false);
        break;
    case SLOW:
        fake_delay(reply, 60000);
        break;
    case REDIRECT:
        fake_send_as(reply, 302, "text/plain", "Location: http://127.0.0.1:1/\r\n", "elsewhere");
        break;
    case EMPTY:
        fake_send(reply, 204, "");
        break;
    case LATER:
        fake_send_as(reply, 429, "text/plain",
                     "Retry-After: Wed, 05 Nov 2025 12:00:07 GMT\r\nDate: Wed, 05 Nov 2025 12:00:00 GMT\r\n",
                     "");
        break;
    }
}

static net_client *client_for(const char *url, const char *unix_path, int cancel_fd)
{
    net_client_config config = {.url = url,
                                .unix_path = unix_path,
                                .connect_ms = 2000,
                                .total_ms = 300,
                                .max_body = MAX_BODY,
                                .cancel_fd = cancel_fd};
    net_client *client = net_client_new(&config);
    assert_non_null(client);
    return client;
}

static net_result post(net_client *client, const char *path, const char *body, net_reply *reply)
{
    char reason[256] = "";
    net_result result = net_client_post(client, path, body, strlen(body), reply, reason, sizeof reason);
    assert_int_equal(!result, !*reason);
    return result;
}

/* One exchange with a server that behaves so. */
static net_result exchange(behaviour what, long *status, size_t *len)
{
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = what};
    net_reply reply;
    fake_server *server = fake_server_tcp(answer, &it);
    net_client *client = client_for(fake_server_endpoint(server), NULL, -1);
    net_result result = post(client, "", "{}", &reply);
    *status = reply.status;
    *len = reply.body.len;
    base_buf_free(&reply.body);
    net_client_free(client);
    fake_server_stop(server);
    return result;
}

static void test_post(void **state)
{
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = ECHO};
    net_reply reply;
    (void)state;
    fake_server *server = fake_server_tcp(answer, &it);
    char url[128];
    snprintf(url, sizeof url, "%s/prefix", fake_server_endpoint(server));
    net_client *client = client_for(url, NULL, -1);
    assert_int_equal(post(client, "/GetKey", "{\"a\":1}", &reply), NET_OK);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body.data, "{\"a\":1}");
    base_buf_free(&reply.body);
    assert_string_equal(it.method, "POST");
    assert_string_equal(it.path, "/prefix/GetKey");
    assert_string_equal(it.body, "{\"a\":1}");
    net_client_free(client);
    fake_server_stop(server);
}

static void test_unix_socket(void **state)
{
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = ECHO};
    net_reply reply;
    (void)state;
    fake_server *server = fake_server_unix(answer, &it);
    net_client *client = client_for("http://dstack", fake_server_endpoint(server), -1);
    assert_int_equal(post(client, "/Info", "{}", &reply), NET_OK);
    assert_string_equal(reply.body.data, "{}");
    assert_string_equal(it.path, "/Info");
    base_buf_free(&reply.body);
    net_client_free(client);
    fake_server_stop(server);
}

static void test_ways_to_end(void **state)
{
    static const struct {
        behaviour what;
        net_result result;
        long status;
    } cases[] = {
        {ECHO, NET_OK, 200},     {EMPTY, NET_OK, 204},         {EXACT, NET_OK, 200},
        {REDIRECT, NET_OK, 302}, {HALF, NET_CUT, 200},         {CLOSE, NET_CUT, 0},
        {RAW, NET_CUT, 0},       {BEYOND, NET_TOO_LARGE, 200}, {BEYOND_UNANNOUNCED, NET_TOO_LARGE, 200},
        {SLOW, NET_TIMEOUT, 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        long status;
        size_t len;
        net_result result = exchange(cases[i].what, &status, &len);
        if (result != cases[i].result) fail_msg("case %zu: %d", i, result);
        assert_int_equal(status, cases[i].status);
        assert_true(len <= MAX_BODY);
        if (cases[i].what == EXACT) assert_int_equal(len, MAX_BODY);
    }
}

static void test_nobody_there(void **state)
{
    char url[64];
    net_reply reply;
    (void)state;
    int fd = fake_refused_port(url);
    net_client *client = client_for(url, NULL, -1);
    assert_int_equal(post(client, "", "{}", &reply), NET_UNREACHABLE);
    base_buf_free(&reply.body);
    net_client_free(client);
    close(fd);
    client = client_for("http://dstack", "/nonexistent/dstack.sock", -1);
    assert_int_equal(post(client, "", "{}", &reply), NET_UNREACHABLE);
    base_buf_free(&reply.body);
    net_client_free(client);
}

/* Why, and not a host and a port that nobody has given. */
static void test_no_socket_file(void **state)
{
    net_reply reply;
    char reason[256] = "";
    (void)state;
    net_client *client = client_for("http://dstack", "/nonexistent/dstack.sock", -1);
    assert_int_equal(net_client_post(client, "/Info", "{}", 2, &reply, reason, sizeof reason),
                     NET_UNREACHABLE);
    assert_string_equal(reason, "No such file or directory");
    base_buf_free(&reply.body);
    net_client_free(client);
}

/* In time or not: nothing was sent, which is not the same as no answer. */
static void test_nobody_accepts(void **state)
{
    char url[64];
    int fds[FAKE_DEAF_FDS];
    net_reply reply;
    (void)state;
    fake_deaf_port(url, fds);
    net_client *client = client_for(url, NULL, -1);
    assert_int_equal(post(client, "", "{}", &reply), NET_UNREACHABLE);
    base_buf_free(&reply.body);
    net_client_free(client);
    for (size_t i = 0; i < FAKE_DEAF_FDS; i++)
        close(fds[i]);
}

static void test_another_limit(void **state)
{
    static const uint32_t limits[] = {0, 1, 50};
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = SLOW};
    net_reply reply;
    (void)state;
    fake_server *server = fake_server_tcp(answer, &it);
    net_client_config config = {
        .url = fake_server_endpoint(server), .connect_ms = 20000, .total_ms = 20000, .cancel_fd = -1};
    net_client *client = net_client_new(&config);
    assert_non_null(client);
    for (size_t i = 0; i < COUNT(limits); i++) {
        net_client_set_limit(client, limits[i]);
        net_result result = post(client, "", "{}", &reply);
        assert_true(result == NET_TIMEOUT || result == NET_UNREACHABLE); /* a millisecond is short */
        base_buf_free(&reply.body);
    }
    net_client_free(client);
    fake_server_stop(server);
}

static void test_retry_after(void **state)
{
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = LATER};
    net_reply reply;
    (void)state;
    fake_server *server = fake_server_tcp(answer, &it);
    net_client *client = client_for(fake_server_endpoint(server), NULL, -1);
    assert_int_equal(post(client, "", "{}", &reply), NET_OK);
    assert_int_equal(reply.status, 429);
    assert_int_equal(reply.retry_after_ms, 7000);
    base_buf_free(&reply.body);
    it.what = ECHO; /* what was said once is not said for ever */
    assert_int_equal(post(client, "", "{}", &reply), NET_OK);
    assert_int_equal(reply.retry_after_ms, 0);
    base_buf_free(&reply.body);
    net_client_free(client);
    fake_server_stop(server);
}

/* A client survives whatever happened to its last exchange. */
static void test_client_is_used_again(void **state)
{
    static const behaviour before[] = {ECHO, HALF, CLOSE, BEYOND, SLOW, RAW};
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER};
    (void)state;
    fake_server *server = fake_server_tcp(answer, &it);
    net_client *client = client_for(fake_server_endpoint(server), NULL, -1);
    for (size_t i = 0; i < COUNT(before); i++) {
        net_reply reply;
        char reason[256];
        it.what = before[i];
        net_client_post(client, "", "{}", 2, &reply, reason, sizeof reason);
        base_buf_free(&reply.body);
        it.what = ECHO;
        assert_int_equal(post(client, "", "[]", &reply), NET_OK);
        assert_string_equal(reply.body.data, "[]");
        base_buf_free(&reply.body);
    }
    net_client_free(client);
    fake_server_stop(server);
}

static void *cancel_soon(void *fd)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    base_event_set(*(int *)fd);
    return NULL;
}

static void test_cancel(void **state)
{
    served it = {.lock = PTHREAD_MUTEX_INITIALIZER, .what = SLOW};
    net_reply reply;
    pthread_t thread;
    char reason[256];
    (void)state;
    int fd = base_event_new();
    fake_server *server = fake_server_tcp(answer, &it);
    net_client *client = client_for(fake_server_endpoint(server), NULL, fd);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &fd), 0);
    assert_int_equal(net_client_post(client, "", "{}", 2, &reply, reason, sizeof reason), NET_CANCELLED);
    base_buf_free(&reply.body);
    pthread_join(thread, NULL);
    assert_int_equal(net_client_post(client, "", "{}", 2, &reply, reason, sizeof reason), NET_CANCELLED);
    base_buf_free(&reply.body);
    base_event_clear(fd);
    it.what = ECHO;
    assert_int_equal(post(client, "", "{}", &reply), NET_OK);
    base_buf_free(&reply.body);
    net_client_free(client);
    fake_server_stop(server);
    base_event_free(fd);
}

static void test_environment_proxies_are_not_used(void **state)
{
    long status;
    size_t len;
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(exchange(ECHO, &status, &len), NET_OK);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void test_other_protocols(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1", "gopher://127.0.0.1"};
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        net_reply reply;
        net_client *client = client_for(urls[i], NULL, -1);
        assert_int_not_equal(post(client, "", "{}", &reply), NET_OK);
        assert_int_equal(reply.body.len, 0);
        base_buf_free(&reply.body);
        net_client_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_ways_to_end),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_no_socket_file),
        cmocka_unit_test(test_nobody_accepts),
        cmocka_unit_test(test_another_limit),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_client_is_used_again),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_environment_proxies_are_not_used),
        cmocka_unit_test(test_other_protocols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
