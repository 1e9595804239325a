/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_HTTP_H
#define SIMULATOR_HTTP_H

#include "appkeys.h"
#include "connections.h"
#include "instances.h"

/**
 * HTTP/1.1 over connections that come from any number of listening sockets, in one thread: libmicrohttpd
 * is run from outside whenever its descriptor is readable.
 */
typedef struct sim_http {
    const sim_appkeys *keys;
    const sim_app *app;
    sim_instances *instances;
    sim_connections connections;
    struct MHD_Daemon *daemon;
    int fd; /**< an epoll of libmicrohttpd's and the connections; readable: sim_http_run() has something to do
             */
} sim_http;

bool sim_http_start(sim_http *http, const sim_appkeys *keys, const sim_app *app, sim_instances *instances,
                    base_error *error);

/** Accepts one connection; requests on it go to `instance` unless their URL names another one. */
void sim_http_accept(sim_http *http, int listener, sim_instance *instance);

/** Does what can be done without waiting. Returns after how many milliseconds to call again, -1: never. */
int sim_http_run(sim_http *http);

void sim_http_stop(sim_http *http);

#endif
