/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_SIGNALS_H
#define CLI_PEERS_SIGNALS_H

#include <poll.h>
#include <stdint.h>

/*
 * Signals for loops that wait: they are blocked but while it is waited, so that none is missed between
 * looking and waiting.
 */

/** From here on SIGINT, SIGTERM and SIGHUP (unless it is ignored) only count, and SIGCHLD wakes. */
void peers_signals_begin(void);

/** How many have asked for the end. */
unsigned peers_signals_count(void);

/** poll() of one descriptor (-1: none) for so long, UINT64_MAX = for ever; a signal ends it. Returns revents.
 */
short peers_signals_wait(int fd, short events, uint64_t ms);

/** By the monotonic clock. */
uint64_t peers_now_ms(void);

#endif
