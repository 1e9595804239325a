/* SPDX-License-Identifier: MIT */
#include "cli/deadline.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/thread.h"

static void *wait_for_it(void *context)
{
    cli_deadline *deadline = context;
    if (base_wait(base_clock_system(), deadline->end_fd, deadline->ms)) return NULL;
    deadline->passed = true;
    dstack_p2p_cancel(deadline->sdk);
    return NULL;
}

void cli_deadline_begin(cli_deadline *deadline, dstack_p2p *sdk, uint64_t ms)
{
    *deadline = (cli_deadline){.sdk = sdk, .ms = ms, .end_fd = base_event_new()};
    if (deadline->end_fd >= 0)
        deadline->started = base_thread_start(&deadline->thread, wait_for_it, deadline);
}

bool cli_deadline_end(cli_deadline *deadline)
{
    base_event_set(deadline->end_fd);
    if (deadline->started) pthread_join(deadline->thread, NULL);
    base_event_free(deadline->end_fd);
    return deadline->passed;
}
