/* SPDX-License-Identifier: MIT */
#include "net/websocket.h"

#include "base/event.h"
#include "support/fake_websocket.h"
#include "unit.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MESSAGE_MAX = 64 * 1024, PATIENCE_MS = 10000 };

/* What the server does with a text. */
static void on_text(void *context, fake_websocket *socket, const char *text)
{
    static const uint8_t reserved_bit[] = {0xf1, 0x00}, cut[] = {0x81, 0x05, 'a', 'b'};
    static const uint8_t huge[] = {0x81, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'};
    static const uint8_t pieces[] = {0x01, 0x02, 'o', 'n', 0x89, 0x01, '!', 0x80, 0x01, 'e'};
    static const uint8_t close_now[] = {0x88, 0x02, 0x03, 0xe8}, not_utf8[] = {0x81, 0x02, 0xff, 0xfe};
    (void)context;
    if (!strcmp(text, "echo twice")) {
        fake_websocket_send(socket, "echo");
        fake_websocket_send(socket, "twice");
    } else if (!strcmp(text, "large") || !strcmp(text, "too large")) {
        size_t len = MESSAGE_MAX + (text[0] == 't');
        char *large = malloc(len + 1);
        memset(large, 'x', len);
        large[len] = '\0';
        fake_websocket_send(socket, large);
        free(large);
    } else if (!strcmp(text, "reserved")) {
        fake_websocket_send_raw(socket, reserved_bit, sizeof reserved_bit);
    } else if (!strcmp(text, "huge")) {
        fake_websocket_send_raw(socket, huge, sizeof huge);
    } else if (!strcmp(text, "pieces")) {
        fake_websocket_send_raw(socket, pieces, sizeof pieces);
    } else if (!strcmp(text, "close")) {
        fake_websocket_send_raw(socket, close_now, sizeof close_now);
    } else if (!strcmp(text, "not utf8")) {
        fake_websocket_send_raw(socket, not_utf8, sizeof not_utf8);
    } else {
        if (!strcmp(text, "cut")) fake_websocket_send_raw(socket, cut, sizeof cut);
        fake_websocket_drop(socket);
    }
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    if (!strcmp(request->path, "/silent")) {
        fake_delay(reply, 60000);
    } else if (!strcmp(request->path, "/http")) {
        fake_send(reply, 405, "{}");
    } else if (!strcmp(request->path, "/cut")) {
        fake_send_raw(reply, "HTTP/1.1 101 ", 13);
        fake_close(reply);
    } else {
        assert_true(fake_websocket_is_asked(request));
        fake_websocket_serve(reply, request, on_text, NULL, context);
    }
}

typedef struct inbox {
    char texts[4][16];
    size_t lens[4], count;
} inbox;

static void keep(void *context, const char *message, size_t len)
{
    inbox *in = context;
    assert_true(in->count < 4);
    in->lens[in->count] = len;
    snprintf(in->texts[in->count++], sizeof in->texts[0], "%.*s", (int)(len < 15 ? len : 15), message);
}

static net_result open_at(fake_server *server, const char *path, net_websocket **socket, int cancel_fd)
{
    char url[256], reason[256] = "";
    snprintf(url, sizeof url, "ws%s%s", fake_server_endpoint(server) + 4, path);
    net_websocket_config config = {
        .url = url, .connect_ms = 3000, .total_ms = 300, .max_message = MESSAGE_MAX, .cancel_fd = cancel_fd};
    net_result result = net_websocket_open(&config, socket, reason, sizeof reason);
    assert_int_equal(reason[0] == '\0' || !strcmp(reason, "out of memory"), result == NET_OK);
    return result;
}

/* Waits for so many messages, or the end; whether it was not the end. */
static bool receive(net_websocket *socket, inbox *in, size_t count)
{
    bool more = false;
    memset(in, 0, sizeof *in);
    while (in->count < count) {
        struct pollfd item = {.fd = net_websocket_fd(socket), .events = POLLIN};
        if (!more) assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        if (!net_websocket_receive(socket, keep, in, &more)) return false;
    }
    return true;
}

static void test_messages(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    inbox in;
    assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
    assert_true(net_websocket_send(socket, "echo twice", 10));
    assert_true(receive(socket, &in, 2));
    assert_string_equal(in.texts[0], "echo");
    assert_string_equal(in.texts[1], "twice");
    assert_true(net_websocket_send(socket, "large", 5));
    assert_true(receive(socket, &in, 1));
    assert_int_equal(in.lens[0], MESSAGE_MAX);
    assert_true(net_websocket_send(socket, "pieces", 6)); /* with a ping in between */
    assert_true(receive(socket, &in, 1));
    assert_string_equal(in.texts[0], "one");
    net_websocket_free(socket);
}

static void test_ping(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    inbox in = {.count = 0};
    bool more;
    assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
    uint64_t before = net_websocket_received(socket);
    assert_true(net_websocket_ping(socket));
    struct pollfd item = {.fd = net_websocket_fd(socket), .events = POLLIN};
    assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
    assert_true(net_websocket_receive(socket, keep, &in, &more));
    assert_int_equal(in.count, 0);
    assert_true(net_websocket_received(socket) > before);
    net_websocket_free(socket);
}

/* Whatever ends or breaks the connection, nothing of it becomes a message. */
static void test_ends(void **state)
{
    static const char *const ends[] = {"close", "cut", "drop", "reserved", "huge", "too large", "not utf8"};
    fake_server *server = *state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        net_websocket *socket;
        inbox in;
        assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
        assert_true(net_websocket_send(socket, ends[i], strlen(ends[i])));
        assert_false(receive(socket, &in, 1));
        assert_int_equal(in.count, 0);
        assert_false(net_websocket_send(socket, "more", 4));
        net_websocket_free(socket);
    }
}

static void test_no_websocket(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    char refused[64];
    assert_int_equal(open_at(server, "/http", &socket, -1), NET_UNREACHABLE);
    assert_int_equal(open_at(server, "/cut", &socket, -1), NET_CUT);
    assert_int_equal(open_at(server, "/silent", &socket, -1), NET_TIMEOUT);
    assert_null(socket);
    int fd = fake_refused_port(refused);
    char reason[256];
    net_websocket_config config = {.url = refused, .connect_ms = 3000, .total_ms = 3000, .cancel_fd = -1};
    assert_int_equal(net_websocket_open(&config, &socket, reason, sizeof reason), NET_UNREACHABLE);
    close(fd);
}

static void test_cancel(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    int cancel = base_event_new();
    base_event_set(cancel);
    assert_int_equal(open_at(server, "/silent", &socket, cancel), NET_CANCELLED);
    base_event_free(cancel);
}

static int setup(void **state)
{
    *state = fake_server_tcp(handle, NULL);
    return 0;
}

static int teardown(void **state)
{
    fake_server_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_websocket, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
