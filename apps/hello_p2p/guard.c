/* SPDX-License-Identifier: MIT */
#include "guard.h"
#include "node.h"

#include <malloc.h>
#include <stdlib.h>

enum { ALLOWED_MS = 15000, SWEEP_MS = 100, CROWD = 32 };

/* Connections in the order they came: the oldest at the head. */
typedef struct hello_entry {
    struct hello_entry *previous, *next;
    int fd;
    uint64_t since_ms;
    uint64_t answering_ms; /* since when it is being answered; 0: it is not */
    bool is_stream;        /* has its time for good */
} hello_entry;

struct hello_guard {
    hello_entry *oldest, *newest;
    size_t count, limit;
    size_t most;       /* connections at once since there was none */
    uint64_t sweep_ms; /* when to look next */
};

hello_guard *guard_new(size_t limit)
{
    hello_guard *self = calloc(1, sizeof *self);
    if (self) self->limit = limit;
    return self;
}

void guard_free(hello_guard *self)
{
    free(self);
}

/* Shutting a socket down makes libmicrohttpd notice its end and close it; closing it is not ours. */
static void shut_down(hello_entry *item)
{
    if (item->fd >= 0) shutdown(item->fd, SHUT_RDWR);
    item->fd = -1;
}

static void sweep(hello_guard *self)
{
    uint64_t now_ms = node_now_ms();
    if (now_ms < self->sweep_ms) return;
    self->sweep_ms = now_ms + SWEEP_MS;
    bool crowded = self->count >= self->limit / 2;
    for (hello_entry *item = self->oldest; item; item = item->next) {
        bool old = now_ms - item->since_ms >= ALLOWED_MS;
        bool reads_slowly = item->answering_ms && now_ms - item->answering_ms >= ALLOWED_MS;
        if (reads_slowly || (crowded && old && !item->is_stream)) shut_down(item);
    }
}

enum MHD_Result guard_accept(void *context, const struct sockaddr *address, socklen_t len)
{
    hello_guard *self = context;
    (void)address;
    (void)len;
    sweep(self);
    return self->count < self->limit ? MHD_YES : MHD_NO;
}

static hello_entry *enter(hello_guard *self, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    hello_entry *item = calloc(1, sizeof *item);
    if (!item) return NULL;
    *item = (hello_entry){
        .previous = self->newest, .fd = info ? info->connect_fd : -1, .since_ms = node_now_ms()};
    if (self->newest)
        self->newest->next = item;
    else
        self->oldest = item;
    self->newest = item;
    if (++self->count > self->most) self->most = self->count;
    return item;
}

/* What a crowd's connections took is kept by the allocator, for the next crowd: a node that idles has no use
 * for it. */
static void give_back(hello_guard *self)
{
    if (self->most >= CROWD) malloc_trim(0);
    self->most = 0;
}

static void leave(hello_guard *self, hello_entry *item)
{
    if (!item) return;
    if (item->previous)
        item->previous->next = item->next;
    else
        self->oldest = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        self->newest = item->previous;
    self->count--;
    free(item);
    if (!self->count) give_back(self);
}

void guard_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                  enum MHD_ConnectionNotificationCode code)
{
    hello_guard *self = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) *socket_context = enter(self, connection);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) leave(self, *socket_context);
}

static hello_entry *entry_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void guard_answering(hello_guard *self, struct MHD_Connection *connection)
{
    hello_entry *item = entry_of(connection);
    if (item) item->answering_ms = node_now_ms();
    sweep(self);
}

void guard_stream(hello_guard *self, struct MHD_Connection *connection, bool waits)
{
    hello_entry *item = entry_of(connection);
    if (!item) return;
    item->is_stream = true;
    if (!waits)
        item->answering_ms = 0;
    else if (!item->answering_ms)
        item->answering_ms = node_now_ms();
    sweep(self);
}

void guard_completed(void *context, struct MHD_Connection *connection, void **request,
                     enum MHD_RequestTerminationCode code)
{
    hello_entry *item = entry_of(connection);
    (void)context;
    (void)request;
    (void)code;
    if (!item) return;
    item->answering_ms = 0;
    item->is_stream = false;
}
