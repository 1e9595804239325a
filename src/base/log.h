/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "dstack_p2p.h"

typedef struct base_log {
    dstack_p2p_log_fn fn;
    void *context;
    dstack_p2p_log_level level;
} base_log;

/** One line, at most 1,023 bytes, control bytes replaced. `log` may be NULL. Never pass a secret. */
void base_log_write(const base_log *log, dstack_p2p_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
