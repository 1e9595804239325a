/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_SERVER_H
#define SUPPORT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An HTTP/1.1 server for tests that does to each request what a function says: answer properly, answer
 * nonsense, answer half, late, or not at all. A thread per connection; connections are kept alive.
 */

typedef struct fake_server fake_server;

/** A request. Strings are NUL-terminated and borrowed for the duration of the call. */
typedef struct fake_request {
    const char *method, *path, *body;
    const char *headers; /**< the lines behind the first one, as they came */
    size_t body_len;
} fake_request;

/** Where the answer goes. */
typedef struct fake_reply fake_reply;

/** Answers a request with the functions below. Called in the connection's thread. */
typedef void (*fake_handler)(void *context, const fake_request *request, fake_reply *reply);

/** A server on a free port of 127.0.0.1; ends the test when there is none. */
fake_server *fake_server_tcp(fake_handler handler, void *context);

/** A server on a unix socket in a directory of its own. */
fake_server *fake_server_unix(fake_handler handler, void *context);

/** Where it listens: "http://127.0.0.1:PORT", or the socket's path. */
const char *fake_server_endpoint(const fake_server *server);

/** Number of requests so far. */
size_t fake_server_count(fake_server *server);

/** Bytes sent by fake_stream() so far. */
size_t fake_server_streamed(fake_server *server);

/** Ends all connections, also those that wait or stream, and frees. Returns at once. */
void fake_server_stop(fake_server *server);

/** A whole answer of JSON with a status. */
void fake_send(fake_reply *reply, int status, const char *body);

/** A whole answer of a given type, with more header lines ("" or "Name: value\r\n"...). */
void fake_send_as(fake_reply *reply, int status, const char *type, const char *headers, const char *body);

/** Promises the whole body, sends half of it and closes the connection. */
void fake_send_half(fake_reply *reply, const char *body);

/** Bytes as they are. */
void fake_send_raw(fake_reply *reply, const void *data, size_t len);

/** Reads what the client sends behind its request: how many bytes, 0 when it has gone. */
size_t fake_receive(fake_reply *reply, void *data, size_t size);

/** `total` bytes of body, announced by Content-Length or ended by closing; stops when nobody listens. */
void fake_stream(fake_reply *reply, size_t total, bool announced);

/** Closes the connection when the handler returns. */
void fake_close(fake_reply *reply);

/** Breaks the connection at once. Any thread, while the handler runs. */
void fake_hang_up(fake_reply *reply);

/** Waits. False at once when the client goes away or the server stops. */
bool fake_delay(fake_reply *reply, unsigned ms);

/**
 * A port of 127.0.0.1 that refuses connections, and that nobody else gets until `fd` is closed. Writes
 * "http://127.0.0.1:PORT".
 */
int fake_refused_port(char url[static 64]);

/**
 * A port of 127.0.0.1 that neither accepts nor refuses connections, until the descriptors are closed. Writes
 * "http://127.0.0.1:PORT".
 */
enum { FAKE_DEAF_FDS = 5 };
void fake_deaf_port(char url[static 64], int fds[static FAKE_DEAF_FDS]);

/** Removes a directory with the files in it. */
void fake_remove_dir(const char *dir);

#endif
