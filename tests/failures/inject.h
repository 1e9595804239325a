/* SPDX-License-Identifier: MIT */
#ifndef FAILURES_INJECT_H
#define FAILURES_INJECT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Refuses what the process asks the system for. The program's own malloc(), socket(), pthread_create() and so
 * on take the place of the C library's in every library of the process, libcurl and jansson included. Only
 * threads that are watched are refused anything: the one that called inject_watch(), and those that watched
 * threads start. The fake servers, started before, go on undisturbed.
 */

typedef enum inject_kind { INJECT_MEMORY, INJECT_DESCRIPTORS, INJECT_THREADS, INJECT_KINDS } inject_kind;

/** The calling thread is watched from now on. */
void inject_watch(void);

/** The nth request of this kind from now on, counted from 1, is refused; with `all`, the later ones as well.
 */
void inject_arm(inject_kind kind, size_t nth, bool all);

/** Nothing is refused any more. Whether something was. */
bool inject_disarm(void);

/** Where the last refusal went to: an address for addr2line. */
const void *inject_victim(void);

#endif
