/* SPDX-License-Identifier: MIT */
#include "base/file_lock.h"

#include "base/random.h"

#include <sys/file.h>

enum { PAUSE_MIN_MS = 3, PAUSE_SPREAD_MS = 15 };

bool base_file_try_lock(int fd, bool shared)
{
    return !flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
}

void base_file_unlock(int fd)
{
    (void)flock(fd, LOCK_UN);
}

base_lock_result base_file_lock(int fd, const base_clock *clock, int cancel_fd, uint64_t end_ms)
{
    while (!base_file_try_lock(fd, false)) {
        uint64_t now = base_now_ms(clock), pause = PAUSE_MIN_MS + base_share(PAUSE_SPREAD_MS, base_dice());
        if (now >= end_ms) return BASE_LOCK_TIMEOUT;
        if (base_wait(clock, cancel_fd, pause < end_ms - now ? pause : end_ms - now))
            return BASE_LOCK_CANCELLED;
    }
    return BASE_LOCKED;
}
