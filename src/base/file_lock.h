/* SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_LOCK_H
#define BASE_FILE_LOCK_H

#include "base/clock.h"

/** How waiting for a lock ended. */
typedef enum base_lock_result { BASE_LOCKED, BASE_LOCK_CANCELLED, BASE_LOCK_TIMEOUT } base_lock_result;

/**
 * Locks an open file for this descriptor alone, as flock() does: against other processes and other
 * descriptors of this one. The system gives it back when the process ends, however it ends. Asks again and
 * again, so that `cancel_fd` and the time `end_ms` end the waiting.
 */
base_lock_result base_file_lock(int fd, const base_clock *clock, int cancel_fd, uint64_t end_ms);

/** The same at once or not at all; `shared`: besides others that share it. */
bool base_file_try_lock(int fd, bool shared);

void base_file_unlock(int fd);

#endif
