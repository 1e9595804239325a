/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_LISTENER_H
#define CLI_NODE_LISTENER_H

#include "cli/run.h"

#include <sys/types.h>
#include <sys/un.h>

/*
 * Where the sidecar is asked for its health: a port, of a loopback address unless more is allowed, or a unix
 * socket.
 */

typedef struct node_listener {
    int fd;          /**< -1 = none */
    char shown[128]; /**< for people: "127.0.0.1:9100", "unix:/run/x.sock" */
    char path[sizeof((struct sockaddr_un *)0)->sun_path]; /**< "" = TCP */
    dev_t device;
    ino_t inode; /**< of the socket's file, to know it again */
} node_listener;

/**
 * Listens at "127.0.0.1:9100", "[::1]:9100" (port 0 takes a free one) or "unix:/run/x.sock", whose file is
 * made for the user and the group. A file that is left from a process that ended is replaced. 0; CLI_USAGE
 * for a malformed address, or one that is not loopback without `anywhere`; SYSTEM when it is in use or cannot
 * be had. What is wrong has been said.
 */
int node_listen(const cli_run *run, const char *address, bool anywhere, node_listener *listener);

/** Removes a unix socket's file, if it still is this one's. The descriptor belongs to who was given it. */
void node_listener_remove(const node_listener *listener);

#endif
