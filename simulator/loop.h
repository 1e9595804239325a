/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_LOOP_H
#define SIMULATOR_LOOP_H

#include "base/error.h"
#include "http.h"

/** Waits for signals, connections and HTTP, all in one thread. */
typedef struct sim_loop {
    int epoll, signals;
    int tcp; /**< listening for the default instance, -1: none */
} sim_loop;

/** SIGTERM, SIGINT and SIGHUP are the loop's from now on. */
bool sim_loop_open(sim_loop *loop, base_error *error);

/** From now on accepts connections to an instance. A sim_instance_fn; the context is the loop. */
bool sim_loop_watch(void *loop, sim_instance *instance, base_error *error);

/** Runs until a signal asks for the end. False when it cannot go on. */
bool sim_loop_run(sim_loop *loop, sim_http *http, sim_instance *tcp_instance, base_error *error);

void sim_loop_close(sim_loop *loop);

#endif
