/* SPDX-License-Identifier: MIT */
#include "support/fake_clock.h"

#include "base/event.h"

#include <string.h>

static uint64_t now_ms(void *context)
{
    fake_clock *it = context;
    return base_now_ms(base_clock_system()) + it->skipped;
}

static bool wait_ms(void *context, int fd, uint64_t ms)
{
    fake_clock *it = context;
    if (it->at_wait) it->at_wait(it->context);
    if (base_event_is_set(fd)) return true;
    size_t index = it->count++;
    if (index < FAKE_WAITS_MAX) it->waits[index] = ms;
    it->skipped += ms;
    return false;
}

void fake_clock_init(fake_clock *it)
{
    memset(it, 0, sizeof *it);
    it->clock = (base_clock){.now_ms = now_ms, .wait = wait_ms, .context = it};
}

void fake_clock_skip(fake_clock *it, uint64_t ms)
{
    it->skipped += ms;
}

void fake_clock_forget(fake_clock *it)
{
    it->count = 0;
}
