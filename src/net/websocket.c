/* SPDX-License-Identifier: MIT */
#include "net/websocket.h"

#include "base/clock.h"
#include "base/event.h"
#include "net/drive.h"
#include "net/upgrade.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <wslay/wslay.h>

/* At once; and pongs that a server asks for and does not fetch. */
enum { RECEIVE_MAX = 1024 * 1024, QUEUE_MAX = 64, URL_MAX = 4096 };

struct net_websocket {
    CURLM *multi;
    CURL *easy;
    curl_socket_t fd;
    wslay_event_context_ptr frames;
    base_buf early; /* what came right behind the answer's head */
    size_t early_at, budget;
    uint64_t received;
    bool ended;
    net_websocket_fn on_message;
    void *context;
    char reason[CURL_ERROR_SIZE];
};

/* ---- Bytes ---- */

/* 0: nothing now. -1: ended. */
static ssize_t read_some(net_websocket *socket, void *data, size_t len)
{
    size_t got = 0;
    CURLcode code = curl_easy_recv(socket->easy, data, len, &got);
    if (code == CURLE_AGAIN) return 0;
    if (code || !got) return -1;
    socket->received += got;
    return (ssize_t)got;
}

static ssize_t write_some(net_websocket *socket, const void *data, size_t len)
{
    size_t sent = 0;
    CURLcode code = curl_easy_send(socket->easy, data, len, &sent);
    if (code == CURLE_AGAIN) return 0;
    return code ? -1 : (ssize_t)sent;
}

/* ---- What wslay calls ---- */

static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *data, size_t len, int flags, void *context)
{
    net_websocket *socket = context;
    size_t early = socket->early.len - socket->early_at;
    ssize_t got = 0;
    (void)flags;
    if (len > socket->budget) len = socket->budget;
    /* Each ping is answered, and takes two bytes: many at once would take much memory. */
    if (wslay_event_get_queued_msg_count(frames) > QUEUE_MAX) {
        got = -1;
    } else if (early) {
        got = (ssize_t)(early < len ? early : len);
        memcpy(data, socket->early.data + socket->early_at, (size_t)got);
        socket->early_at += (size_t)got;
    } else if (len) {
        got = read_some(socket, data, len);
    }
    if (got > 0) socket->budget -= (size_t)got;
    if (got < 0) socket->ended = true;
    if (got <= 0) wslay_event_set_error(frames, got ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return got > 0 ? got : -1;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t len, int flags,
                       void *context)
{
    net_websocket *socket = context;
    ssize_t sent = write_some(socket, data, len);
    (void)flags;
    if (sent < 0) socket->ended = true;
    if (sent <= 0) wslay_event_set_error(frames, sent ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK);
    return sent > 0 ? sent : -1;
}

/* The mask keeps intermediaries from being fooled, and hides nothing. */
static int on_mask(wslay_event_context_ptr frames, uint8_t *data, size_t len, void *context)
{
    (void)frames;
    (void)context;
    return getrandom(data, len, 0) == (ssize_t)len ? 0 : -1;
}

static void on_msg(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *arg,
                   void *context)
{
    net_websocket *socket = context;
    (void)frames;
    if (arg->opcode == WSLAY_CONNECTION_CLOSE) socket->ended = true;
    if ((arg->opcode == WSLAY_TEXT_FRAME || arg->opcode == WSLAY_BINARY_FRAME) && socket->on_message)
        socket->on_message(socket->context, (const char *)arg->msg, arg->msg_length);
}

static bool speak(net_websocket *socket, size_t max_message)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv,
                                                           .send_callback = on_send,
                                                           .genmask_callback = on_mask,
                                                           .on_msg_recv_callback = on_msg};
    if (wslay_event_context_client_init(&socket->frames, &callbacks, socket)) return false;
    wslay_event_config_set_max_recv_msg_length(socket->frames, max_message);
    return true;
}

/* ---- Opening ---- */

/* The URL with the scheme that libcurl connects by. */
static bool http_url(const char *url, char *out, size_t size)
{
    bool is_ws = !strncasecmp(url, "ws://", 5), is_wss = !strncasecmp(url, "wss://", 6);
    const char *scheme = is_ws ? "http://" : is_wss ? "https://" : "";
    int len = snprintf(out, size, "%s%s", scheme, url + (is_ws ? 5 : is_wss ? 6 : 0));
    return len > 0 && (size_t)len < size;
}

static bool set_options(net_websocket *socket, const net_websocket_config *config)
{
    CURL *easy = socket->easy;
    char url[URL_MAX];
    uint32_t connect_ms = config->connect_ms < config->total_ms ? config->connect_ms : config->total_ms;
    return http_url(config->url, url, sizeof url) && !curl_easy_setopt(easy, CURLOPT_URL, url) &&
           !curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) && /* or HTTP/2 might be agreed on */
           !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms) &&
           !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, socket->reason) &&
           !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static net_result connect_to(net_websocket *socket, const net_websocket_config *config)
{
    net_drive_init();
    socket->multi = curl_multi_init();
    socket->easy = curl_easy_init();
    if (!socket->multi || !socket->easy || !set_options(socket, config) ||
        curl_multi_add_handle(socket->multi, socket->easy))
        return NET_NO_MEMORY;
    CURLcode code = net_drive(socket->multi, config->cancel_fd);
    if (code == CURLE_ABORTED_BY_CALLBACK) return NET_CANCELLED;
    if (code && !socket->reason[0])
        snprintf(socket->reason, sizeof socket->reason, "%s", curl_easy_strerror(code));
    if (code == CURLE_OUT_OF_MEMORY) return NET_NO_MEMORY;
    if (code) return code == CURLE_OPERATION_TIMEDOUT ? NET_TIMEOUT : NET_UNREACHABLE;
    code = curl_easy_getinfo(socket->easy, CURLINFO_ACTIVESOCKET, &socket->fd);
    return code || socket->fd == CURL_SOCKET_BAD ? NET_UNREACHABLE : NET_OK;
}

/* Waits for the connection; what ended that, or NET_OK. */
static net_result wait_for(const net_websocket *socket, short events, uint64_t end_ms, int cancel_fd)
{
    const base_clock *clock = base_clock_system(); /* of the network, which no test's clock moves */
    uint64_t now = base_now_ms(clock);
    struct pollfd items[] = {{.fd = socket->fd, .events = events}, {.fd = cancel_fd, .events = POLLIN}};
    if (now >= end_ms) return NET_TIMEOUT;
    (void)poll(items, 2, (int)(end_ms - now));
    return base_event_is_set(cancel_fd) ? NET_CANCELLED : NET_OK;
}

static net_result send_request(net_websocket *socket, const base_buf *request, uint64_t end_ms, int cancel_fd)
{
    net_result result = NET_OK;
    for (size_t at = 0; at < request->len && !result;) {
        ssize_t sent = write_some(socket, request->data + at, request->len - at);
        if (sent < 0) return NET_CUT;
        at += (size_t)sent;
        if (!sent) result = wait_for(socket, POLLOUT, end_ms, cancel_fd);
    }
    return result;
}

static net_result read_answer(net_websocket *socket, const char *key, uint64_t end_ms, int cancel_fd)
{
    char chunk[4096];
    for (;;) {
        ssize_t got = read_some(socket, chunk, sizeof chunk);
        if (got < 0) return NET_CUT;
        if (got && !base_buf_append(&socket->early, chunk, (size_t)got)) return NET_TOO_LARGE;
        int head = socket->early.len ? net_upgrade_check(socket->early.data, socket->early.len, key,
                                                         socket->reason, sizeof socket->reason)
                                     : 0;
        socket->early_at = head > 0 ? (size_t)head : 0;
        if (head) return head > 0 ? NET_OK : NET_UNREACHABLE;
        net_result result = got ? NET_OK : wait_for(socket, POLLIN, end_ms, cancel_fd);
        if (result) return result;
    }
}

static net_result upgrade(net_websocket *socket, const net_websocket_config *config, uint64_t end_ms)
{
    uint8_t random[16];
    char key[NET_UPGRADE_KEY_TEXT];
    base_buf request = base_buf_make_secret(2 * URL_MAX);
    net_result result = NET_NO_MEMORY;
    socket->early = base_buf_make(NET_UPGRADE_HEAD_MAX + sizeof(char[4096]));
    if (getrandom(random, sizeof random, 0) == (ssize_t)sizeof random) {
        net_upgrade_key(random, key);
        if (net_upgrade_request(config->url, key, &request))
            result = send_request(socket, &request, end_ms, config->cancel_fd);
        if (!result) result = read_answer(socket, key, end_ms, config->cancel_fd);
    }
    base_buf_free(&request);
    if (!result && !speak(socket, config->max_message)) result = NET_NO_MEMORY;
    return result;
}

/* What is said of a failure that libcurl and the server said nothing of. */
static const char *usual_reason(net_result result)
{
    if (result == NET_TIMEOUT) return "no answer in time";
    if (result == NET_CANCELLED) return "cancelled";
    return result == NET_NO_MEMORY ? "out of memory" : "the connection broke";
}

net_result net_websocket_open(const net_websocket_config *config, net_websocket **opened, char *reason,
                              size_t reason_size)
{
    uint64_t end_ms = base_now_ms(base_clock_system()) + config->total_ms;
    net_websocket *socket = calloc(1, sizeof *socket);
    net_result result = socket ? connect_to(socket, config) : NET_NO_MEMORY;
    if (!result) result = upgrade(socket, config, end_ms);
    *opened = result ? NULL : socket;
    if (!result) return NET_OK;
    bool said = socket && socket->reason[0];
    snprintf(reason, reason_size, "%s", said ? socket->reason : usual_reason(result));
    net_websocket_free(socket);
    return result;
}

/* ---- Open ---- */

static bool flush(net_websocket *socket)
{
    if (wslay_event_want_write(socket->frames) && wslay_event_send(socket->frames)) socket->ended = true;
    if (wslay_event_get_queued_msg_count(socket->frames) > QUEUE_MAX) socket->ended = true;
    return !socket->ended;
}

static bool queue(net_websocket *socket, uint8_t opcode, const char *text, size_t len)
{
    struct wslay_event_msg message = {.opcode = opcode, .msg = (const uint8_t *)text, .msg_length = len};
    return !socket->ended && !wslay_event_queue_msg(socket->frames, &message) && flush(socket);
}

bool net_websocket_send(net_websocket *socket, const char *text, size_t len)
{
    return queue(socket, WSLAY_TEXT_FRAME, text, len);
}

bool net_websocket_ping(net_websocket *socket)
{
    return queue(socket, WSLAY_PING, NULL, 0);
}

bool net_websocket_receive(net_websocket *socket, net_websocket_fn on_message, void *context, bool *more)
{
    socket->on_message = on_message;
    socket->context = context;
    socket->budget = RECEIVE_MAX;
    /* A broken frame makes wslay stop reading for good, and queue why. */
    if (wslay_event_recv(socket->frames) || !wslay_event_want_read(socket->frames)) socket->ended = true;
    *more = !socket->budget;
    return flush(socket);
}

int net_websocket_fd(const net_websocket *socket)
{
    return socket->fd;
}

uint64_t net_websocket_received(const net_websocket *socket)
{
    return socket->received;
}

void net_websocket_free(net_websocket *socket)
{
    if (!socket) return;
    if (socket->frames) wslay_event_context_free(socket->frames);
    if (socket->multi && socket->easy) curl_multi_remove_handle(socket->multi, socket->easy);
    curl_easy_cleanup(socket->easy);
    curl_multi_cleanup(socket->multi);
    base_buf_free(&socket->early);
    free(socket);
}
