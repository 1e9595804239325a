/* SPDX-License-Identifier: MIT */
#include "net/websocket.h"

#include "base/event.h"
#include "support/fake_websocket.h"
#include "unit.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MESSAGE_MAX = 64 * 1024, PATIENCE_MS = 10000 };

enum { FLOOD = 3 * 1024 * 1024, AT_ONCE = 1024 * 1024 };

/* The same frame until the flood is over. */
static void flood(fake_websocket *socket, const char *frame, size_t len)
{
    char *frames = malloc(FLOOD);
    assert_int_equal(FLOOD % len, 0);
    for (size_t at = 0; at < FLOOD; at += len)
        memcpy(frames + at, frame, len);
    fake_websocket_send_raw(socket, frames, FLOOD);
    free(frames);
}

static void send_hex(fake_websocket *socket, const char *hex)
{
    size_t len;
    uint8_t *bytes = unit_bytes(hex, &len);
    fake_websocket_send_raw(socket, bytes, len);
    free(bytes);
}

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
    } else if (!strcmp(text, "pings")) {
        flood(socket, "\x89\x00", 2);
    } else if (!strcmp(text, "flood")) {
        flood(socket, "\x81\x02{}", 4);
    } else if (!strncmp(text, "raw ", 4)) {
        send_hex(socket, text + 4);
    } else {
        if (!strcmp(text, "cut")) fake_websocket_send_raw(socket, cut, sizeof cut);
        fake_websocket_drop(socket);
    }
}

/* An answer whose head comes byte by byte, followed by a frame, or by nothing in between. */
static void open_slowly(const fake_request *request, fake_reply *reply, bool at_once)
{
    char answer[FAKE_WEBSOCKET_HEAD + 8];
    size_t len = fake_websocket_head(request, answer);
    memcpy(answer + len,
           "\x81\x05"
           "early",
           7);
    for (size_t at = 0; at < len + 7 && !at_once; at++)
        fake_send_raw(reply, answer + at, 1);
    if (at_once) fake_send_raw(reply, answer, len + 7);
    fake_delay(reply, 60000);
}

/* A head that goes on, and never ends; or too fast, and for too long. */
static void never_open(fake_reply *reply, bool fast)
{
    static const char start[] = "HTTP/1.1 101 OK\r\nX: ", more[1024] = "\r\n";
    fake_send_raw(reply, start, sizeof start - 1);
    if (fast)
        for (int i = 0; i < 64; i++)
            fake_send_raw(reply, more, sizeof more);
    while (fake_delay(reply, 20))
        fake_send_raw(reply, "x", 1);
}

static atomic_int to_cancel = -1; /* set once a request has come */

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    if (!strcmp(request->path, "/silent")) {
        base_event_set(atomic_load(&to_cancel));
        fake_delay(reply, 60000);
    } else if (!strcmp(request->path, "/early") || !strcmp(request->path, "/bytes")) {
        open_slowly(request, reply, request->path[1] == 'e');
    } else if (!strcmp(request->path, "/drip") || !strcmp(request->path, "/endless")) {
        never_open(reply, request->path[1] == 'e');
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

/* What RFC 6455 does not allow a server: masks, pieces without a beginning, unknown or reserved frames, long
 * or cut control frames, a message within a message, a close without a whole code. */
static void test_broken_frames(void **state)
{
    static const char *const frames[] = {"8182aabbccdd0000",
                                         "800165",
                                         "8301ff",
                                         "8b00",
                                         "0900",
                                         "c101ff",
                                         "897e0080",
                                         "0101617e",
                                         "010161",
                                         "8801ff",
                                         "817e000161",
                                         "817f000000000000000161",
                                         "ff",
                                         "88020001"};
    static const char good[] = "81024141810241418102414181024141";
    fake_server *server = *state;
    for (size_t i = 0; i < COUNT(frames); i++) {
        char text[64];
        net_websocket *socket;
        inbox in;
        int len = snprintf(text, sizeof text, "raw %s%s", frames[i], good);
        assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
        assert_true(net_websocket_send(socket, text, (size_t)len));
        if (receive(socket, &in, 1)) fail_msg("taken: %s", frames[i]);
        assert_int_equal(in.count, 0);
        net_websocket_free(socket);
    }
}

static void count(void *context, const char *message, size_t len)
{
    assert_int_equal(len, 2);
    assert_memory_equal(message, "{}", 2);
    ++*(size_t *)context;
}

/* No receive goes on for longer than it may, and nothing is lost. */
static void test_flood(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    size_t messages = 0;
    bool more = false;
    assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
    assert_true(net_websocket_send(socket, "flood", 5));
    uint64_t start = net_websocket_received(socket), before = start;
    while (messages < FLOOD / 4) {
        struct pollfd item = {.fd = net_websocket_fd(socket), .events = POLLIN};
        if (!more) assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        assert_true(net_websocket_receive(socket, count, &messages, &more));
        uint64_t received = net_websocket_received(socket);
        assert_true(received - before <= AT_ONCE);
        assert_int_equal(more, received - before == AT_ONCE);
        before = received;
    }
    assert_true(before - start == FLOOD);
    net_websocket_free(socket);
}

/* Pings that are many at once end the connection before their answers fill the memory. */
static void test_flood_of_pings(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    inbox in;
    assert_int_equal(open_at(server, "/", &socket, -1), NET_OK);
    uint64_t before = net_websocket_received(socket);
    assert_true(net_websocket_send(socket, "pings", 5));
    assert_false(receive(socket, &in, 1));
    assert_true(net_websocket_received(socket) - before <= 16 * 1024);
    net_websocket_free(socket);
}

/* However the answer is cut into pieces, what comes behind its head is the first message. */
static void test_pieces_of_the_answer(void **state)
{
    static const char *const paths[] = {"/early", "/bytes"};
    fake_server *server = *state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        net_websocket *socket;
        inbox in = {.count = 0};
        bool more;
        assert_int_equal(open_at(server, paths[i], &socket, -1), NET_OK);
        assert_true(net_websocket_receive(socket, keep, &in, &more)); /* poll() may have nothing to tell */
        if (!in.count) assert_true(receive(socket, &in, 1));
        assert_string_equal(in.texts[0], "early");
        net_websocket_free(socket);
    }
}

static void test_answers_without_end(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    assert_int_equal(open_at(server, "/drip", &socket, -1), NET_TIMEOUT);
    assert_int_equal(open_at(server, "/endless", &socket, -1), NET_UNREACHABLE);
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

static int cancel = -1; /* test_cancel()'s, which lives as long as the server */

static void test_cancel(void **state)
{
    fake_server *server = *state;
    net_websocket *socket;
    cancel = base_event_new();
    atomic_store(&to_cancel, cancel); /* while it waits for the answer */
    assert_int_equal(open_at(server, "/silent", &socket, cancel), NET_CANCELLED);
    atomic_store(&to_cancel, -1);
    assert_int_equal(open_at(server, "/", &socket, cancel), NET_CANCELLED);
}

static int setup(void **state)
{
    *state = fake_server_tcp(handle, NULL);
    return 0;
}

static int teardown(void **state)
{
    fake_server_stop(*state);
    base_event_free(cancel);
    cancel = -1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood_of_pings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pieces_of_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_without_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_websocket, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
