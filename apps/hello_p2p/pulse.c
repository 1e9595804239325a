/* SPDX-License-Identifier: MIT */
#include "pulse.h"
#include "live.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

/* What happens within a beat is told together. A state of affairs that stays is told again: who hears nothing
 * for some of these knows that the connection is lost. */
enum { BEAT_MS = 200, STATUS_MS = 2000, STACK_BYTES = 128 * 1024 };

struct hello_pulse {
    hello_node *node;
    hello_server *server;
    pthread_t thread;
    atomic_bool stopping;
    uint64_t status_ms; /* when it was told last */
};

static void publish(hello_pulse *self)
{
    hello_node *node = self->node;
    uint64_t now_ms = node_now_ms();
    live_publish_news(node);
    if (now_ms - self->status_ms < STATUS_MS) return;
    self->status_ms = now_ms;
    feed_publish(&node->feed, "status", live_status(node));
}

static bool tell(hello_pulse *self)
{
    pthread_mutex_lock(&self->node->lock);
    bool looked_at = self->node->lookers > 0;
    if (looked_at) publish(self);
    pthread_mutex_unlock(&self->node->lock);
    if (looked_at) server_tend(self->server);
    return looked_at;
}

static void *run(void *argument)
{
    hello_pulse *self = argument;
    struct pollfd woken = {.fd = self->node->pulse_fd, .events = POLLIN};
    /* Looks whether it is to stop after it has taken note of having been woken: the other way round it could
     * take the last call for an earlier one. */
    for (;;) {
        node_woken(self->node->pulse_fd);
        if (atomic_load(&self->stopping)) return NULL;
        poll(&woken, 1, tell(self) ? BEAT_MS : -1);
    }
}

hello_pulse *pulse_start(hello_node *node, hello_server *server)
{
    pthread_attr_t attributes;
    hello_pulse *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->node = node;
    self->server = server;
    bool ok = !pthread_attr_init(&attributes);
    if (ok) {
        ok = !pthread_attr_setstacksize(&attributes, STACK_BYTES) &&
             !pthread_create(&self->thread, &attributes, run, self);
        pthread_attr_destroy(&attributes);
    }
    if (ok) return self;
    free(self);
    return NULL;
}

void pulse_stop(hello_pulse *self)
{
    if (!self) return;
    atomic_store(&self->stopping, true);
    node_wake(self->node->pulse_fd);
    pthread_join(self->thread, NULL);
    free(self);
}
