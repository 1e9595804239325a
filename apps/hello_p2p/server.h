/* SPDX-License-Identifier: MIT */
#ifndef HELLO_SERVER_H
#define HELLO_SERVER_H

#include "node.h"

typedef struct hello_server hello_server;

/** Serves the node's views on a listening socket, which it takes over, in a thread of its own. NULL: the
 *  system refused; the socket is closed then, too. */
hello_server *server_start(hello_node *self, int listen_fd);

/** Closes all connections and waits for the thread. NULL is allowed. */
void server_stop(hello_server *self);

#endif
