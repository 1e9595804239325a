/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { POLL_DEFAULT_MS = 2000, STALE_EXTRA_MS = 15000 };

uint64_t node_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool node_init(hello_node *self, uint32_t poll_interval_ms)
{
    uint64_t interval = poll_interval_ms ? poll_interval_ms : POLL_DEFAULT_MS;
    self->started_ms = node_now_ms();
    self->stale_ms = 3 * interval + STALE_EXTRA_MS;
    self->feed.epoch = (uint64_t)time(NULL) << 20 | (self->started_ms & 0xfffff);
    self->greeter_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->pulse_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    snprintf(self->reason, sizeof self->reason, "starting");
    return !pthread_mutex_init(&self->lock, NULL) && self->greeter_fd >= 0 && self->pulse_fd >= 0;
}

void node_destroy(hello_node *self)
{
    peers_clear(&self->others);
    feed_clear(&self->feed);
    free(self->url);
    if (self->greeter_fd >= 0) close(self->greeter_fd);
    if (self->pulse_fd >= 0) close(self->pulse_fd);
    pthread_mutex_destroy(&self->lock);
}

bool node_set_identity(hello_node *self, const char *instance_id, const char *contract, const char *url)
{
    char *copy = url ? strdup(url) : NULL;
    if (url && !copy) return false;
    pthread_mutex_lock(&self->lock);
    snprintf(self->instance_id, sizeof self->instance_id, "%s", instance_id ? instance_id : "");
    snprintf(self->contract, sizeof self->contract, "%s", contract ? contract : "");
    free(self->url);
    self->url = copy;
    /* Who looks at the page since before has to hear of it, however long the registration takes. */
    feed_start_anew(&self->feed);
    pthread_mutex_unlock(&self->lock);
    return true;
}

void node_set_address(hello_node *self, const char *instance_address)
{
    pthread_mutex_lock(&self->lock);
    snprintf(self->address, sizeof self->address, "%s", instance_address ? instance_address : "");
    pthread_mutex_unlock(&self->lock);
}

void node_set_registered(hello_node *self, uint64_t chain_id, const char *reason)
{
    pthread_mutex_lock(&self->lock);
    self->registered = !reason;
    if (chain_id) self->chain_id = chain_id;
    snprintf(self->reason, sizeof self->reason, "%s", reason ? reason : "");
    pthread_mutex_unlock(&self->lock);
}

void node_set_watched(hello_node *self, dstack_p2p *sdk)
{
    pthread_mutex_lock(&self->lock);
    self->watched = sdk;
    pthread_mutex_unlock(&self->lock);
}

void node_wake(int fd)
{
    /* The only failure is a full counter, which is readable too. */
    (void)!eventfd_write(fd, 1);
}

void node_woken(int fd)
{
    eventfd_t count;
    (void)!eventfd_read(fd, &count);
}
