/* SPDX-License-Identifier: MIT */
#ifndef FAILURES_LIVE_H
#define FAILURES_LIVE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The allocations of watched threads that have not been given back. Any thread.
 */

/** Forgets everything and remembers what is allocated from now on. */
void live_begin(void);

/** Remembers nothing more; what is freed is still forgotten. How many are left. */
size_t live_end(void);

/** Writes where those that are left were allocated, an address for addr2line each, to standard error. */
void live_print(void);

/** For the allocator. */
void live_add(const void *data, size_t size, const void *caller);
void live_remove(const void *data);

#endif
