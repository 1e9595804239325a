/* SPDX-License-Identifier: MIT */
#ifndef NET_RETRY_AFTER_H
#define NET_RETRY_AFTER_H

#include <stdint.h>
#include <time.h>

/** Longer is not waited, whatever a server asks for. */
enum { NET_RETRY_AFTER_MAX_MS = 300000 };

/**
 * What an answer's Retry-After asks for, in milliseconds, from its value and that of the answer's Date,
 * either of which may be NULL. It is a number of seconds, or a date, whose distance from Date counts: the
 * clocks of the two machines need not agree. Without a Date, from `now`. 0 when it is missing, past or
 * neither; at most NET_RETRY_AFTER_MAX_MS.
 */
uint64_t net_retry_after_ms(const char *value, const char *date, time_t now);

#endif
