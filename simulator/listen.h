/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_LISTEN_H
#define SIMULATOR_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/** A listening unix socket and which file it is, so that nobody else's is removed later. */
typedef struct sim_socket {
    int fd; /**< -1: none */
    dev_t device;
    ino_t inode;
} sim_socket;

/**
 * Listens on a unix socket that only this user may connect to. A stale one, which nobody accepts on, is
 * replaced; a live one, anything that is no socket, and a path too long for a socket are errors.
 */
bool sim_listen_unix(const char *path, sim_socket *socket, base_error *error);

/** Stops listening and removes the file, if it is still the one that was made. */
void sim_listen_unix_end(const char *path, sim_socket *socket);

enum { SIM_TCP_TEXT = 64 };

/**
 * Listens on "HOST:PORT", "[IPV6]:PORT"; port 0 lets the system choose. `address` becomes the real
 * "HOST:PORT". Addresses that other machines can reach are refused unless `remote`. -1 on failure.
 */
int sim_listen_tcp(const char *where, bool remote, char address[static SIM_TCP_TEXT], base_error *error);

#endif
