/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* accept4 */
#include "http.h"

#include "base/clock.h"
#include "exchange.h"

#include <limits.h>
#include <microhttpd.h>
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
        sim_connection_closed(*place);
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
    sim_connection *place = place_of(connection);
    (void)context, (void)code;
    sim_exchange_free(*exchange);
    *exchange = NULL;
    if (place) sim_connection_renew(place);
}

bool sim_http_start(sim_http *http, const sim_appkeys *keys, const sim_app *app, sim_instances *instances,
                    base_error *error)
{
    *http = (sim_http){.keys = keys, .app = app, .instances = instances, .fd = -1};
    sim_connections_init(&http->connections);
    /* Places are counted here; libmicrohttpd also counts connections that it has yet to clean up. */
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, http,
                                    MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS_MAX + 1,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SIM_IDLE_SECONDS,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
                                    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info) http->fd = info->epoll_fd;
    if (info) return true;
    base_fail(error, DSTACK_P2P_ERR_SYSTEM, "the HTTP server cannot be started");
    return false;
}

static void make_place(sim_http *http)
{
    if (sim_connections_find(&http->connections, -1)) return;
    sim_connection_break(sim_connections_first(&http->connections));
    MHD_run(http->daemon);
}

void sim_http_accept(sim_http *http, int listener, sim_instance *instance)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    make_place(http);
    int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    sim_connection *place = sim_connections_add(&http->connections, fd, instance);
    if (!place)
        close(fd);
    else if (MHD_add_connection(http->daemon, fd, (struct sockaddr *)&from, len) != MHD_YES)
        sim_connection_closed(place); /* libmicrohttpd has closed it */
}

int sim_http_run(sim_http *http)
{
    MHD_UNSIGNED_LONG_LONG wanted = 0;
    uint64_t wait = INT_MAX;
    uint64_t now = base_now_ms(base_clock_system());
    sim_connection *first = sim_connections_first(&http->connections);
    if (first && first->deadline_ms <= now) sim_connection_break(first);
    MHD_run(http->daemon);
    if (!(first = sim_connections_first(&http->connections))) return -1;
    if (MHD_get_timeout(http->daemon, &wanted) == MHD_YES && wanted < wait) wait = wanted;
    if (first->deadline_ms < now + wait) wait = first->deadline_ms > now ? first->deadline_ms - now : 0;
    return (int)wait;
}

void sim_http_stop(sim_http *http)
{
    if (http->daemon) MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}
