/* SPDX-License-Identifier: MIT */
#ifndef FAILURES_INJECT_PRIVATE_H
#define FAILURES_INJECT_PRIVATE_H

#include "failures/inject.h"

/* For the functions that take the place of the C library's. */

#define EXPORT __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/** The function of that name in the library behind this program, as the type of what is called. */
#define NEXT(name) ((__typeof__(&(name)))(uintptr_t)dlsym(RTLD_NEXT, #name))

/** Whether this request is the one to be refused. */
bool inject_refuses(inject_kind kind, const void *caller);

/** Whether what the calling thread allocates is to be remembered. */
bool inject_remembers(void);

#endif
