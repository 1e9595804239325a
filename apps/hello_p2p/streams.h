/* SPDX-License-Identifier: MIT */
#ifndef HELLO_STREAMS_H
#define HELLO_STREAMS_H

#include "guard.h"
#include "node.h"

/*
 * Server-sent events: connections that stay open. While there is nothing to say a stream is suspended, and
 * costs libmicrohttpd no time-out; streams_tend() lets it go on. All streams share the events' texts, so a
 * slow reader holds one text at most; when it has missed some it gets the whole state, and the guard throws
 * it out if it does not get to the end of a text within its time.
 */
typedef struct hello_streams hello_streams;

enum { STREAMS_MAX = 32, STREAM_BEAT_MS = 15000, STREAM_RETRY_S = 5 };

hello_streams *streams_new(hello_node *node, hello_guard *guard);

/** After the server has stopped. NULL is allowed. */
void streams_free(hello_streams *self);

/** Answers a request with a stream, or with 503. In libmicrohttpd's thread. */
enum MHD_Result streams_open(hello_streams *self, struct MHD_Connection *connection);

/** Lets those go on that have something to say or whose reader has gone. Any thread. */
void streams_tend(hello_streams *self);

/** How many there are, and how many were refused since the start. Any thread. */
void streams_count(hello_streams *self, size_t *open, uint64_t *refused);

/** Ends all, and takes no more: libmicrohttpd cannot be stopped while one is suspended. Any thread. */
void streams_close(hello_streams *self);

#endif
