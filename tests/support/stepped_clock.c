/* SPDX-License-Identifier: MIT */
#include "support/stepped_clock.h"

#include "base/event.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Before a long wait an answer that is on its way gets a moment of real time. */
enum { START_MS = 1000000, LONG_MS = 5000, MOMENT_MS = 1, PATIENCE_S = 60 };

static uint64_t now_ms(void *context)
{
    stepped_clock *it = context;
    pthread_mutex_lock(&it->lock);
    uint64_t now = it->now;
    pthread_mutex_unlock(&it->lock);
    return now;
}

static bool is_readable(int fd, int ms)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return poll(&item, 1, ms) > 0;
}

/* One look at everything; true when the wait is over for the time, and otherwise after something happened. */
static bool wait_on(stepped_clock *it, int fd, uint64_t end)
{
    pthread_mutex_lock(&it->lock);
    uint64_t step = it->asked, left = base_sooner(end, it->limit) - it->now;
    base_event_clear(it->step_fd);
    pthread_mutex_unlock(&it->lock);
    if (is_readable(fd, left >= LONG_MS ? MOMENT_MS : 0)) return false;
    pthread_mutex_lock(&it->lock);
    it->now += left;
    bool over = it->now >= end;
    if (!over && it->now == it->limit) {
        it->idle = step;
        pthread_cond_broadcast(&it->settled);
    }
    pthread_mutex_unlock(&it->lock);
    struct pollfd items[] = {{.fd = it->step_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    if (!over) (void)poll(items, 2, -1);
    return over;
}

static void wake_late(stepped_clock *it)
{
    pthread_mutex_lock(&it->lock);
    it->now += it->jump;
    if (it->limit < it->now) it->limit = it->now;
    it->jump = 0;
    pthread_mutex_unlock(&it->lock);
}

static bool wait_ms(void *context, int fd, uint64_t ms)
{
    stepped_clock *it = context;
    uint64_t now = now_ms(it), end = ms > UINT64_MAX - now ? UINT64_MAX : now + ms;
    bool over = false;
    while (!over && !is_readable(fd, 0))
        over = wait_on(it, fd, end);
    wake_late(it);
    return !over;
}

void stepped_clock_init(stepped_clock *it)
{
    *it = (stepped_clock){
        .clock = {.now_ms = now_ms, .wait = wait_ms, .context = it}, .now = START_MS, .limit = START_MS};
    pthread_mutex_init(&it->lock, NULL);
    pthread_cond_init(&it->settled, NULL);
    it->step_fd = base_event_new();
    if (it->step_fd < 0) abort();
}

void stepped_clock_free(stepped_clock *it)
{
    base_event_free(it->step_fd);
    pthread_cond_destroy(&it->settled);
    pthread_mutex_destroy(&it->lock);
}

void stepped_clock_pass(stepped_clock *it, uint64_t ms)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&it->lock);
    it->limit += ms;
    uint64_t step = ++it->asked;
    base_event_set(it->step_fd);
    while (it->idle < step)
        if (pthread_cond_timedwait(&it->settled, &it->lock, &end)) {
            fprintf(stderr, "the thread does not come to rest\n");
            abort();
        }
    pthread_mutex_unlock(&it->lock);
}

void stepped_clock_oversleep(stepped_clock *it, uint64_t ms)
{
    pthread_mutex_lock(&it->lock);
    it->jump = ms;
    pthread_mutex_unlock(&it->lock);
}

void stepped_clock_restart(stepped_clock *it, uint64_t now)
{
    pthread_mutex_lock(&it->lock);
    it->now = it->limit = now;
    pthread_mutex_unlock(&it->lock);
}
