/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_WEBSOCKET_H
#define SUPPORT_FAKE_WEBSOCKET_H

#include "support/fake_server.h"

/*
 * The server's side of a WebSocket, for the handler of a fake server. Written without the library that the
 * client uses, so that one's mistakes are not the other's.
 */

enum { FAKE_WEBSOCKET_HEAD = 256 };

typedef struct fake_websocket fake_websocket;

/** Gets each text message, in the connection's thread. */
typedef void (*fake_websocket_fn)(void *context, fake_websocket *socket, const char *text);

/** Called once in that thread, before the socket goes. */
typedef void (*fake_websocket_end_fn)(void *context, fake_websocket *socket);

/** Whether a request asks for a WebSocket. */
bool fake_websocket_is_asked(const fake_request *request);

/** Writes the head of the answer that opens it, for a server that sends it in its own way; its length. */
size_t fake_websocket_head(const fake_request *request, char head[static FAKE_WEBSOCKET_HEAD]);

/** Opens one, and serves it until either side ends it. `on_end` may be NULL. */
void fake_websocket_serve(fake_reply *reply, const fake_request *request, fake_websocket_fn on_text,
                          fake_websocket_end_fn on_end, void *context);

/** Sends a text message. Any thread, while the socket is being served. */
void fake_websocket_send(fake_websocket *socket, const char *text);

/** Sends bytes as they are. */
void fake_websocket_send_raw(fake_websocket *socket, const void *data, size_t len);

/** Breaks the connection. */
void fake_websocket_drop(fake_websocket *socket);

/** Pings that came. */
unsigned fake_websocket_pings(fake_websocket *socket);

#endif
