/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* accept4 */
#include "http.h"

#include "base/clock.h"
#include "exchange.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for a request's head: GetKey's fields in a query are three bytes a byte when escaped. */
enum { HEAD_BYTES = 32 * 1024 };

static sim_connection *place_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    sim_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *place = info ? sim_connections_find(&http->connections, info->connect_fd) : NULL;
    } else if (*place) {
        sim_connections_closed(*place);
    }
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **exchange)
{
    const sim_http *http = context;
    const sim_connection *place = place_of(connection);
    (void)version;
    if (!*exchange) return place && (*exchange = sim_exchange_new()) ? MHD_YES : MHD_NO;
    if (*len == 0) return sim_exchange_answer(*exchange, http, place->instance, connection, method, url);
    sim_exchange_take(*exchange, data, *len);
    *len = 0;
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
    const sim_http *http = context;
    sim_connection *place = place_of(connection);
    (void)code;
    sim_exchange_free(*exchange);
    *exchange = NULL;
    if (place) sim_connections_renew(&http->connections, place);
}

static bool watch(const sim_http *http, int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    return epoll_ctl(http->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool sim_http_start(sim_http *http, const sim_appkeys *keys, const sim_app *app, sim_instances *instances,
                    base_error *error)
{
    *http = (sim_http){.keys = keys, .app = app, .instances = instances, .fd = -1};
    sim_connections_init(&http->connections, base_clock_system());
    /* Places are counted here; libmicrohttpd also counts connections that it has yet to clean up. */
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, http,
                                    MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS_MAX + 1,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SIM_IDLE_SECONDS,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
                                    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    http->fd = epoll_create1(EPOLL_CLOEXEC);
    if (info && watch(http, info->epoll_fd, EPOLLIN, NULL)) return true;
    base_fail(error, DSTACK_P2P_ERR_SYSTEM, "the HTTP server cannot be started");
    return false;
}

/* Who is late has to go for who is new. */
static void make_place(sim_http *http)
{
    sim_connection *first = sim_connections_first(&http->connections);
    if (first) sim_connections_break(&http->connections, first);
    MHD_run(http->daemon);
}

void sim_http_accept(sim_http *http, int listener, sim_instance *instance)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    if (!sim_connections_find(&http->connections, -1)) make_place(http);
    int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) make_place(http);
    if (fd < 0) return;
    sim_connection *place = sim_connections_add(&http->connections, fd, instance);
    if (!place || !watch(http, fd, EPOLLRDHUP | EPOLLET, place)) {
        if (place) sim_connections_closed(place);
        close(fd);
    } else if (MHD_add_connection(http->daemon, fd, (struct sockaddr *)&from, len) != MHD_YES)
        sim_connections_closed(place); /* libmicrohttpd has closed it */
}

/*
 * The client has sent all it ever will, so that this connection ends with the answer. Libmicrohttpd misses
 * it: its own epoll is edge-triggered, and an end that comes right behind a request gives no second edge.
 * Once it has read what there is, shutting our reading side as well gives it one; writing goes on.
 */
static void end_reading(const sim_http *http, const sim_connection *place)
{
    char byte;
    for (int i = 0; i < 64 && place->fd >= 0; i++) {
        if (recv(place->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) break;
        MHD_run(http->daemon);
    }
    if (place->fd >= 0) shutdown(place->fd, SHUT_RD);
}

static void end_half_closed(const sim_http *http)
{
    struct epoll_event events[16];
    int count = epoll_wait(http->fd, events, 16, 0);
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr) end_reading(http, events[i].data.ptr);
}

int sim_http_run(sim_http *http)
{
    MHD_UNSIGNED_LONG_LONG wanted = 0;
    MHD_run(http->daemon);
    end_half_closed(http);
    MHD_run(http->daemon);
    int64_t wait = sim_connections_expire(&http->connections);
    if (MHD_get_timeout(http->daemon, &wanted) == MHD_YES && (wait < 0 || wanted < (uint64_t)wait))
        wait = wanted < INT_MAX ? (int64_t)wanted : INT_MAX;
    return (int)wait;
}

void sim_http_stop(sim_http *http)
{
    if (http->daemon) MHD_stop_daemon(http->daemon);
    if (http->fd >= 0) close(http->fd);
    http->daemon = NULL;
    http->fd = -1;
}
