/* SPDX-License-Identifier: MIT */
#include "server.h"
#include "figures.h"
#include "guard.h"
#include "metrics.h"
#include "respond.h"
#include "streams.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors we need beside the server's connections: greetings, the SDK, standard streams. */
enum {
    CONNECTIONS_MAX = 2000,
    OTHER_FILES = 128,
    IDLE_S = 10,
    PEERS_FRESH_MS = 500,
    CONNECTION_BYTES = 16384,
    STACK_BYTES = 256 * 1024
};

struct hello_server {
    hello_node *node;
    hello_guard *guard;
    hello_streams *streams;
    struct MHD_Daemon *daemon;
    struct MHD_Response *peers; /* the last answer to /peers */
    uint64_t peers_ms;          /* when it was made */
};

/* The only answer that grows with the cluster is shared: many who ask, or read slowly, cost what a few do. */
static enum MHD_Result send_peers(hello_server *self, struct MHD_Connection *connection)
{
    unsigned status = MHD_HTTP_OK;
    uint64_t now_ms = node_now_ms();
    if (!self->peers || now_ms - self->peers_ms >= PEERS_FRESH_MS) {
        if (self->peers) MHD_destroy_response(self->peers);
        self->peers = respond_make(view_peers(self->node, &status));
        self->peers_ms = now_ms;
    }
    return self->peers ? MHD_queue_response(connection, status, self->peers) : MHD_NO;
}

static enum MHD_Result send_metrics(hello_server *self, struct MHD_Connection *connection)
{
    size_t open;
    uint64_t refused;
    streams_count(self->streams, &open, &refused);
    return respond_text(connection, METRICS_TYPE, figures_text(self->node, open, refused));
}

/* A page from elsewhere could not read the stream, but have a visitor's browser hold all of them. */
static bool is_foreign(struct MHD_Connection *connection)
{
    const char *site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site");
    return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

/* Who asks for the head only is not kept. */
static enum MHD_Result send_events(hello_server *self, struct MHD_Connection *connection, bool head_only)
{
    if (is_foreign(connection))
        return respond_json(connection, MHD_HTTP_FORBIDDEN,
                            json_pack("{ss}", "error", "pages from elsewhere are not served events"));
    if (!head_only) return streams_open(self->streams, connection);
    return respond_with(connection, MHD_HTTP_OK, "text/event-stream",
                        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

static json_t *answer(hello_node *node, struct MHD_Connection *connection, const char *path, unsigned *status)
{
    const char *from = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "from");
    if (!strcmp(path, "/hello")) return view_hello(node, from, status);
    if (!strcmp(path, "/info")) return view_info(node, status);
    if (!strcmp(path, "/health")) return view_health(node, status);
    *status = MHD_HTTP_NOT_FOUND;
    return json_pack("{ss}", "error", "there are /, /hello, /info, /peers, /health, /events and /metrics");
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    hello_server *self = context;
    unsigned status = MHD_HTTP_OK;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    bool head_only = !strcmp(method, MHD_HTTP_METHOD_HEAD);
    const page_file *file = respond_find_file(path);
    guard_answering(self->guard, connection);
    if (!head_only && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return respond_json(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                            json_pack("{ss}", "error", "only GET and HEAD are served"));
    if (file) return respond_file(connection, file);
    if (!strcmp(path, "/peers")) return send_peers(self, connection);
    if (!strcmp(path, "/events")) return send_events(self, connection, head_only);
    if (!strcmp(path, "/metrics")) return send_metrics(self, connection);
    json_t *body = answer(self->node, connection, path, &status);
    return respond_json(connection, status, body);
}

/* How many connections fit into the descriptors we may open. */
static unsigned connection_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return CONNECTIONS_MAX / 4;
    rlim_t wanted = CONNECTIONS_MAX + OTHER_FILES;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= wanted) return CONNECTIONS_MAX;
    return files.rlim_cur > 2 * OTHER_FILES ? (unsigned)files.rlim_cur - OTHER_FILES : 16;
}

static struct MHD_Daemon *start(hello_server *self, int listen_fd, unsigned limit)
{
    /* libmicrohttpd's limit lies above the guard's, because it would stop accepting there. */
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, guard_accept,
                            self->guard, on_request, self, MHD_OPTION_LISTEN_SOCKET, listen_fd,
                            MHD_OPTION_CONNECTION_LIMIT, limit + 16, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_NOTIFY_CONNECTION, guard_notify, self->guard,
                            MHD_OPTION_NOTIFY_COMPLETED, guard_completed, self->guard,
                            MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_END);
}

static void destroy(hello_server *self)
{
    if (self->peers) MHD_destroy_response(self->peers);
    streams_free(self->streams);
    guard_free(self->guard);
    free(self);
}

hello_server *server_start(hello_node *node, int listen_fd)
{
    unsigned limit = connection_limit();
    hello_server *self = calloc(1, sizeof *self);
    if (self) {
        self->node = node;
        self->guard = guard_new(limit);
        if (self->guard) self->streams = streams_new(node, self->guard);
        if (self->streams) self->daemon = start(self, listen_fd, limit);
        if (self->daemon) return self;
        destroy(self);
    }
    close(listen_fd);
    return NULL;
}

void server_tend(hello_server *self)
{
    streams_tend(self->streams);
}

void server_stop(hello_server *self)
{
    if (!self) return;
    streams_close(self->streams);
    MHD_stop_daemon(self->daemon);
    destroy(self);
}
