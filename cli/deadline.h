/* SPDX-License-Identifier: MIT */
#ifndef CLI_DEADLINE_H
#define CLI_DEADLINE_H

#include "dstack_p2p.h"

#include <pthread.h>

/** Ends what blocks on a handle when its time is over, as dstack_p2p_cancel() does. */
typedef struct cli_deadline {
    dstack_p2p *sdk;
    uint64_t ms;
    int end_fd;
    bool passed, started;
    pthread_t thread;
} cli_deadline;

/** Begins; without resources for it, the time has no end. */
void cli_deadline_begin(cli_deadline *deadline, dstack_p2p *sdk, uint64_t ms);

/** Ends it; whether it had passed. The handle stays cancelled then. */
bool cli_deadline_end(cli_deadline *deadline);

#endif
