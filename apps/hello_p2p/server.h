/* SPDX-License-Identifier: MIT */
#ifndef HELLO_SERVER_H
#define HELLO_SERVER_H

#include "node.h"

typedef struct hello_server hello_server;

/** Serves the node's views on a listening socket, which it takes over, in a thread of its own. NULL: the
 *  system refused; the socket is closed then, too. */
hello_server *server_start(hello_node *self, int listen_fd);

/** Lets the streams of events say what is new, and finds out whose reader has gone. Any thread. */
void server_tend(hello_server *self);

/** Closes all connections and waits for the thread. NULL is allowed. */
void server_stop(hello_server *self);

#endif
