/* SPDX-License-Identifier: MIT */
#include "support/fake_websocket.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, FINAL = 0x80, PAYLOAD_MAX = 65535 };

struct fake_websocket {
    fake_reply *reply;
    pthread_mutex_t lock; /* of sending */
    atomic_bool dropped;
    atomic_uint pings;
};

bool fake_websocket_is_asked(const fake_request *request)
{
    return strcasestr(request->headers, "Upgrade: websocket");
}

size_t fake_websocket_head(const fake_request *request, char head[static FAKE_WEBSOCKET_HEAD])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = strcasestr(request->headers, "Sec-WebSocket-Key:");
    char accept[64];
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;
    key = key ? key + strlen("Sec-WebSocket-Key:") : "";
    key += strspn(key, " ");
    sha1_init(&sha1);
    sha1_update(&sha1, strcspn(key, "\r\n"), (const uint8_t *)key);
    sha1_update(&sha1, sizeof guid - 1, (const uint8_t *)guid);
    sha1_digest(&sha1, sizeof digest, digest);
    base64_encode_raw(accept, sizeof digest, digest);
    accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
    int len = snprintf(head, FAKE_WEBSOCKET_HEAD,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    return (size_t)len;
}

static void open_socket(fake_reply *reply, const fake_request *request)
{
    char head[FAKE_WEBSOCKET_HEAD];
    fake_send_raw(reply, head, fake_websocket_head(request, head));
}

void fake_websocket_send_raw(fake_websocket *socket, const void *data, size_t len)
{
    pthread_mutex_lock(&socket->lock);
    if (!atomic_load(&socket->dropped)) fake_send_raw(socket->reply, data, len);
    pthread_mutex_unlock(&socket->lock);
}

static void send_frame(fake_websocket *socket, unsigned opcode, const void *data, size_t len)
{
    uint8_t *frame = malloc(len + 10);
    size_t head = len < 126 ? 2 : len <= PAYLOAD_MAX ? 4 : 10;
    if (!frame) abort();
    frame[0] = (uint8_t)(FINAL | opcode);
    frame[1] = (uint8_t)(head == 2 ? len : head == 4 ? 126 : 127);
    for (size_t i = head, rest = len; i > 2; i--, rest >>= 8)
        frame[i - 1] = (uint8_t)rest;
    if (len) memcpy(frame + head, data, len);
    fake_websocket_send_raw(socket, frame, head + len);
    free(frame);
}

void fake_websocket_send(fake_websocket *socket, const char *text)
{
    send_frame(socket, TEXT, text, strlen(text));
}

void fake_websocket_drop(fake_websocket *socket)
{
    atomic_store(&socket->dropped, true);
    fake_hang_up(socket->reply);
}

unsigned fake_websocket_pings(fake_websocket *socket)
{
    return atomic_load(&socket->pings);
}

static bool read_all(fake_reply *reply, uint8_t *data, size_t len)
{
    for (size_t at = 0, got; at < len; at += got)
        if (!(got = fake_receive(reply, data + at, len - at))) return false;
    return true;
}

/* Reads a frame of a client; its opcode, or -1 at the end. The clients here send short ones in one piece. */
static int read_frame(fake_reply *reply, uint8_t payload[static PAYLOAD_MAX + 1], size_t *len)
{
    uint8_t head[2], more[2], mask[4];
    if (!read_all(reply, head, 2)) return -1;
    *len = head[1] & 0x7f;
    if (*len == 127 || (*len == 126 && !read_all(reply, more, 2))) return -1;
    if (*len == 126) *len = (size_t)more[0] << 8 | more[1];
    if (!(head[1] & 0x80) || !read_all(reply, mask, 4) || !read_all(reply, payload, *len)) return -1;
    for (size_t i = 0; i < *len; i++)
        payload[i] ^= mask[i % 4];
    payload[*len] = '\0';
    return head[0] & 0x0f;
}

void fake_websocket_serve(fake_reply *reply, const fake_request *request, fake_websocket_fn on_text,
                          fake_websocket_end_fn on_end, void *context)
{
    fake_websocket socket = {.reply = reply};
    uint8_t *payload = malloc(PAYLOAD_MAX + 1);
    size_t len;
    if (!payload) abort();
    pthread_mutex_init(&socket.lock, NULL);
    open_socket(reply, request);
    for (int opcode; (opcode = read_frame(reply, payload, &len)) >= 0 && opcode != CLOSE;) {
        if (opcode == TEXT) on_text(context, &socket, (const char *)payload);
        if (opcode == PING) {
            atomic_fetch_add(&socket.pings, 1);
            send_frame(&socket, PONG, payload, len);
        }
    }
    if (on_end) on_end(context, &socket);
    pthread_mutex_lock(&socket.lock);
    atomic_store(&socket.dropped, true);
    pthread_mutex_unlock(&socket.lock);
    pthread_mutex_destroy(&socket.lock);
    fake_close(reply);
    free(payload);
}
