/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "failures/inject_private.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

static _Thread_local bool watched, silent; /* silent: the C library's own, while it makes a thread */
static atomic_int armed_kind = INJECT_KINDS;
static atomic_bool refuses_all, happened;
static atomic_size_t left; /* requests until the one that is refused */
static _Atomic(const void *) victim;

void inject_watch(void)
{
    watched = true;
}

void inject_arm(inject_kind kind, size_t nth, bool all)
{
    happened = false;
    refuses_all = all;
    left = nth;
    armed_kind = kind;
}

bool inject_disarm(void)
{
    armed_kind = INJECT_KINDS;
    return happened;
}

const void *inject_victim(void)
{
    return victim;
}

/* Counting stops at zero, so that one is refused and no other. */
bool inject_refuses(inject_kind kind, const void *caller)
{
    if (!watched || armed_kind != (int)kind) return false;
    size_t before = left;
    while (before && !atomic_compare_exchange_weak(&left, &before, before - 1)) {
    }
    if (before != 1 && !(before == 0 && refuses_all)) return false;
    victim = caller;
    happened = true;
    return true;
}

bool inject_remembers(void)
{
    return watched && !silent;
}

/* ---- Threads ---- */

typedef struct start {
    void *(*run)(void *context);
    void *context;
    bool watched;
} start;

static void *run_start(void *context)
{
    start begun = *(start *)context;
    free(context);
    watched = begun.watched;
    return begun.run(begun.context);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context)
{
    if (inject_refuses(INJECT_THREADS, CALLER)) return EAGAIN;
    silent = true;
    start *begun = malloc(sizeof *begun);
    int failure = EAGAIN;
    if (begun) {
        *begun = (start){run, context, watched};
        failure = NEXT(pthread_create)(thread, attributes, run_start, begun);
    }
    if (failure) free(begun);
    silent = false;
    return failure;
}
