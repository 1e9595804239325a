/* SPDX-License-Identifier: MIT */
#include "streams.h"
#include "live.h"
#include "respond.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_FRESH_MS = 2000, BLOCK_BYTES = 4096 };

/* `suspended` and what can end it are shared with other threads, under the lock; the rest is libmicrohttpd's
 * thread's. */
typedef struct hello_stream {
    hello_streams *all;
    struct MHD_Connection *connection;
    int fd;
    bool suspended, gone, beat;
    uint64_t number; /* of the last event that was begun */
    uint64_t said_ms;
    hello_text *text; /* on its way; NULL: none */
    size_t offset;
} hello_stream;

struct hello_streams {
    hello_node *node;
    hello_guard *guard;
    pthread_mutex_t lock; /* taken before the node's */
    hello_stream *items[STREAMS_MAX];
    size_t count;
    uint64_t refused;
    bool closing;
    hello_text *comment, *state; /* the last state that was made, for all that need one */
    uint64_t state_ms;
};

hello_streams *streams_new(hello_node *node, hello_guard *guard)
{
    hello_streams *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->node = node;
    self->guard = guard;
    self->comment = text_comment();
    if (self->comment && !pthread_mutex_init(&self->lock, NULL)) return self;
    text_drop(self->comment);
    free(self);
    return NULL;
}

void streams_free(hello_streams *self)
{
    if (!self) return;
    text_drop(self->comment);
    text_drop(self->state);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

/* ---- What a stream says next. The lock is held. */

static bool reaches(hello_node *node, uint64_t number)
{
    pthread_mutex_lock(&node->lock);
    bool result = feed_reaches(&node->feed, number);
    pthread_mutex_unlock(&node->lock);
    return result;
}

static void drop_state(hello_streams *self)
{
    text_drop(self->state);
    self->state = NULL;
}

/* Those who come at the same time, or again and again, share one; the events since then bring it up to date.
 */
static hello_text *shared_state(hello_streams *self)
{
    uint64_t now_ms = node_now_ms();
    bool fresh = self->state && now_ms - self->state_ms < STATE_FRESH_MS;
    if (!fresh || !reaches(self->node, self->state->number)) {
        drop_state(self);
        self->state = live_state(self->node);
        self->state_ms = now_ms;
    }
    return self->state ? text_keep(self->state) : NULL;
}

static hello_text *next_event(hello_stream *self)
{
    hello_node *node = self->all->node;
    pthread_mutex_lock(&node->lock);
    bool goes_on = feed_reaches(&node->feed, self->number);
    hello_text *text = goes_on ? feed_after(&node->feed, self->number) : NULL;
    pthread_mutex_unlock(&node->lock);
    if (!goes_on) {
        text = shared_state(self->all);
        self->gone = !text;
    }
    if (text) self->number = text->number;
    return text;
}

static hello_text *next_text(hello_stream *self)
{
    hello_text *text = next_event(self);
    if (!text && self->beat) text = text_keep(self->all->comment);
    self->beat = false;
    return text;
}

/* As many whole and partial texts as there is room for. Returns the number of bytes. A reader has its time
 * for each text. */
static size_t fill(hello_stream *self, char *out, size_t max)
{
    size_t len = 0;
    bool finished = false;
    while (len < max && (self->text || (self->text = next_text(self)))) {
        size_t part = self->text->len - self->offset;
        if (part > max - len) part = max - len;
        memcpy(out + len, self->text->bytes + self->offset, part);
        len += part;
        self->offset += part;
        if (self->offset < self->text->len) break;
        finished = true;
        text_drop(self->text);
        self->text = NULL;
        self->offset = 0;
    }
    if (finished || !len) guard_stream(self->all->guard, self->connection, false);
    if (len) guard_stream(self->all->guard, self->connection, true);
    if (len) self->said_ms = node_now_ms();
    return len;
}

/* MHD_ContentReaderCallback. Suspending happens under the lock, so that what is published from now on wakes
 * it. */
static ssize_t on_read(void *context, uint64_t position, char *out, size_t max)
{
    hello_stream *self = context;
    hello_streams *all = self->all;
    ssize_t len = MHD_CONTENT_READER_END_OF_STREAM;
    (void)position;
    pthread_mutex_lock(&all->lock);
    if (!all->closing && !self->gone) {
        size_t part = fill(self, out, max);
        if (!part && !self->gone) {
            MHD_suspend_connection(self->connection);
            self->suspended = true;
        }
        if (!self->gone) len = (ssize_t)part;
    }
    pthread_mutex_unlock(&all->lock);
    return len;
}

/* ---- Coming and going */

/* The lock is held. */
static void set_lookers(hello_streams *self)
{
    hello_node *node = self->node;
    pthread_mutex_lock(&node->lock);
    node->lookers = (unsigned)self->count;
    pthread_mutex_unlock(&node->lock);
}

static bool enter(hello_streams *self, hello_stream *item)
{
    pthread_mutex_lock(&self->lock);
    bool ok = !self->closing && self->count < STREAMS_MAX;
    if (ok)
        self->items[self->count++] = item;
    else
        self->refused++;
    if (ok) set_lookers(self);
    pthread_mutex_unlock(&self->lock);
    return ok;
}

static void leave(hello_streams *self, const hello_stream *item)
{
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count; i++) {
        if (self->items[i] != item) continue;
        self->items[i] = self->items[--self->count];
        set_lookers(self);
        break;
    }
    if (!self->count) drop_state(self);
    pthread_mutex_unlock(&self->lock);
}

/* MHD_ContentReaderFreeCallback */
static void on_end(void *context)
{
    hello_stream *self = context;
    leave(self->all, self);
    text_drop(self->text);
    free(self);
}

static hello_stream *stream_new(hello_streams *all, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const char *last = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    hello_stream *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    *self = (hello_stream){
        .all = all, .connection = connection, .fd = info ? info->connect_fd : -1, .said_ms = node_now_ms()};
    /* Beyond what there is: begins with the state. */
    self->number = UINT64_MAX;
    if (last && !feed_number(&all->node->feed, last, &self->number)) self->number = UINT64_MAX;
    return self;
}

static enum MHD_Result refuse(struct MHD_Connection *connection)
{
    return respond_busy(connection, STREAM_RETRY_S, "too many streams of events are open; try again later");
}

enum MHD_Result streams_open(hello_streams *self, struct MHD_Connection *connection)
{
    hello_stream *item = stream_new(self, connection);
    if (!item) return MHD_NO;
    if (!enter(self, item)) {
        free(item);
        return refuse(connection);
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, item, on_end);
    if (!response) {
        on_end(item);
        return MHD_NO;
    }
    node_wake(self->node->pulse_fd);
    node_wake(self->node->greeter_fd);
    return respond_with(connection, MHD_HTTP_OK, "text/event-stream", response);
}

/* ---- From other threads */

/* While it is suspended nobody else looks, and its descriptor is not closed. */
static bool reader_gone(const hello_stream *self)
{
    struct pollfd item = {.fd = self->fd, .events = POLLRDHUP};
    return poll(&item, 1, 0) > 0;
}

static void resume(hello_stream *self)
{
    self->suspended = false;
    MHD_resume_connection(self->connection);
}

static bool has_something(const hello_stream *self)
{
    hello_node *node = self->all->node;
    pthread_mutex_lock(&node->lock);
    bool result = node->feed.last != self->number;
    pthread_mutex_unlock(&node->lock);
    return result;
}

void streams_tend(hello_streams *self)
{
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count; i++) {
        hello_stream *item = self->items[i];
        if (!item->suspended) continue;
        item->gone = reader_gone(item);
        item->beat = node_now_ms() - item->said_ms >= STREAM_BEAT_MS;
        if (item->gone || item->beat || has_something(item)) resume(item);
    }
    pthread_mutex_unlock(&self->lock);
}

void streams_count(hello_streams *self, size_t *open, uint64_t *refused)
{
    pthread_mutex_lock(&self->lock);
    *open = self->count;
    *refused = self->refused;
    pthread_mutex_unlock(&self->lock);
}

void streams_close(hello_streams *self)
{
    pthread_mutex_lock(&self->lock);
    self->closing = true;
    for (size_t i = 0; i < self->count; i++)
        if (self->items[i]->suspended) resume(self->items[i]);
    pthread_mutex_unlock(&self->lock);
}
