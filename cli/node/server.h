/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_SERVER_H
#define CLI_NODE_SERVER_H

#include "cli/node/sidecar.h"

/*
 * The sidecar's health over HTTP: GET /health (200 or 503), /metrics (Prometheus), /peers (JSON). It answers
 * from what is known, and waits for nothing. A thread of its own; few connections, for a short time each.
 */

typedef struct node_server node_server;

/** Serves on a listening socket, which it takes over; NULL when the system refuses, the socket is closed
 * then. */
node_server *node_server_start(node_sidecar *sidecar, int listen_fd);

/** NULL is allowed. */
void node_server_stop(node_server *server);

#endif
