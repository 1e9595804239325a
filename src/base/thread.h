/* SPDX-License-Identifier: MIT */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/**
 * Starts a thread with all signals blocked, for they are the application's, in its own threads; not those
 * that a fault raises in the thread itself.
 */
bool base_thread_start(pthread_t *thread, void *(*run)(void *), void *context);

/** Blocks the same in this thread, for those that another library is about to start; `saved` takes its mask
 * before, to be set again. */
void base_signals_block(sigset_t *saved);

#endif
