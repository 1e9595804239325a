/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_CONNECTIONS_H
#define SIMULATOR_CONNECTIONS_H

#include "base/clock.h"
#include "instances.h"

#include <stdint.h>

/*
 * The open connections: which instance each one talks to and until when it may wait. libmicrohttpd closes
 * those that are silent; one that sends a byte now and then would stay for ever, and enough of them would
 * shut everybody else out. So a request has a time limit as a whole, and when all places are taken, the
 * connection whose limit comes first has to go.
 */

enum {
    SIM_CONNECTIONS_MAX = 256,
    SIM_IDLE_SECONDS = 10,    /**< dstack's keep-alive */
    SIM_REQUEST_SECONDS = 30, /**< from the end of the one before to the end of the request */
};

typedef struct sim_connection {
    int fd; /**< -1: the place is free */
    sim_instance *instance;
    uint64_t deadline_ms;
} sim_connection;

typedef struct sim_connections {
    const base_clock *clock;
    sim_connection places[SIM_CONNECTIONS_MAX];
} sim_connections;

void sim_connections_init(sim_connections *connections, const base_clock *clock);

/** A place for a new connection; NULL when all are taken. */
sim_connection *sim_connections_add(sim_connections *connections, int fd, sim_instance *instance);

/** The place of a descriptor; NULL when there is none. */
sim_connection *sim_connections_find(sim_connections *connections, int fd);

/** The one whose time is up first; NULL when there is none. */
sim_connection *sim_connections_first(sim_connections *connections);

/** Gives it the time for another request. */
void sim_connections_renew(const sim_connections *connections, sim_connection *connection);

/** Breaks it: whoever reads from it next sees its end. Its place is freed when it is closed. */
void sim_connections_break(const sim_connections *connections, sim_connection *connection);

/** Breaks the first one if its time is up. Returns the milliseconds until the next one's is, -1: none is
 * open. */
int64_t sim_connections_expire(sim_connections *connections);

/** It is closed: frees its place. */
void sim_connections_closed(sim_connection *connection);

#endif
