/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* ppoll */
#include "cli/peers/signals.h"

#include "base/clock.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t ends;
static sigset_t waiting; /* the mask while it is waited */

static void on_end(int signal)
{
    (void)signal;
    if (ends < 100) ends = ends + 1;
}

static void on_child(int signal)
{
    (void)signal;
}

static void catch_signal(int signal, void (*handler)(int), sigset_t *blocked)
{
    struct sigaction action = {.sa_flags = SA_NOCLDSTOP}, before;
    if (!sigaction(signal, NULL, &before) && before.sa_handler == SIG_IGN && signal == SIGHUP) return;
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
    sigaddset(blocked, signal);
    sigdelset(&waiting, signal);
}

void peers_signals_begin(void)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigprocmask(SIG_BLOCK, NULL, &waiting);
    catch_signal(SIGINT, on_end, &blocked);
    catch_signal(SIGTERM, on_end, &blocked);
    catch_signal(SIGHUP, on_end, &blocked);
    catch_signal(SIGCHLD, on_child, &blocked);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
}

unsigned peers_signals_count(void)
{
    return (unsigned)ends;
}

short peers_signals_wait(int fd, short events, uint64_t ms)
{
    struct pollfd entry = {.fd = fd, .events = events};
    const uint64_t most = (uint64_t)24 * 3600 * 1000;
    if (ms > most) ms = most; /* and again */
    struct timespec limit = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    return ppoll(&entry, 1, &limit, &waiting) > 0 ? entry.revents : 0;
}

uint64_t peers_now_ms(void)
{
    return base_now_ms(base_clock_system());
}
