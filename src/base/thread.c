/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <stddef.h>

void base_signals_block(sigset_t *saved)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, saved);
}

bool base_thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t saved;
    base_signals_block(&saved);
    bool ok = !pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    return ok;
}
