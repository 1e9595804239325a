/* SPDX-License-Identifier: MIT */
#include "cli/node/server.h"

#include "base/thread.h"
#include "cli/node/answers.h"
#include "cli/node/crowd.h"
#include "cli/node/peers_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_S = 10, CONNECTION_BYTES = 8192, STACK_BYTES = 256 * 1024 };

struct node_server {
    node_sidecar *sidecar;
    node_crowd crowd;
    struct MHD_Daemon *daemon;
    dstack_p2p_peers *list;     /* that was answered last, with a reference */
    struct MHD_Response *peers; /* the answer */
};

static struct MHD_Response *make_response(const node_answer *it)
{
    if (!it->text) return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(it->text), it->text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(it->text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, it->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (it->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return response;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const node_answer *it)
{
    struct MHD_Response *response = make_response(it);
    if (!response) return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, it->status, response);
    MHD_destroy_response(response);
    return result;
}

static void forget_peers(node_server *self)
{
    if (self->peers) MHD_destroy_response(self->peers);
    dstack_p2p_peers_free(self->list);
    self->peers = NULL;
    self->list = NULL;
}

/* The only answer that grows with the cluster is shared: many who ask, or read slowly, cost what one does. No
 * list is not an empty one. */
static enum MHD_Result send_peers(node_server *self, struct MHD_Connection *connection)
{
    node_sidecar *sidecar = self->sidecar;
    pthread_mutex_lock(&sidecar->lock);
    dstack_p2p_peers *list = sidecar->watched ? dstack_p2p_monitor_peers(sidecar->watched) : NULL;
    pthread_mutex_unlock(&sidecar->lock);
    if (!list) {
        node_answer none = node_answer_json(MHD_HTTP_SERVICE_UNAVAILABLE,
                                            json_pack("{ss}", "error", "the contract has not been read yet"));
        return send_answer(connection, &none);
    }
    if (list == self->list) {
        dstack_p2p_peers_free(list);
    } else {
        node_answer all = {MHD_HTTP_OK, "application/json", node_peers_text(list)};
        forget_peers(self);
        self->list = list;
        self->peers = make_response(&all);
        if (!self->peers) forget_peers(self);
    }
    return self->peers ? MHD_queue_response(connection, MHD_HTTP_OK, self->peers) : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request)
{
    node_server *self = context;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    bool reads = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);
    if (reads && !strcmp(path, "/peers")) return send_peers(self, connection);
    node_answer it = node_answer_to(self->sidecar, reads, path);
    return send_answer(connection, &it);
}

static struct MHD_Daemon *start_here(node_server *self, int listen_fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request, self,
                            MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
                            2 * (unsigned)NODE_CROWD_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                            MHD_OPTION_NOTIFY_CONNECTION, node_crowd_notify, &self->crowd,
                            MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_END);
}

/* In its thread a signal would cancel a handle that the other one may be freeing. */
static struct MHD_Daemon *start(node_server *self, int listen_fd)
{
    sigset_t saved;
    base_signals_block(&saved);
    struct MHD_Daemon *daemon = start_here(self, listen_fd);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    return daemon;
}

node_server *node_server_start(node_sidecar *sidecar, int listen_fd)
{
    node_server *self = calloc(1, sizeof *self);
    if (self) {
        self->sidecar = sidecar;
        self->daemon = start(self, listen_fd);
        if (self->daemon) return self;
    }
    free(self);
    close(listen_fd);
    return NULL;
}

void node_server_stop(node_server *self)
{
    if (!self) return;
    MHD_stop_daemon(self->daemon);
    forget_peers(self);
    free(self);
}
