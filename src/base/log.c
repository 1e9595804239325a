/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

void base_log_write(const base_log *log, dstack_p2p_log_level level, const char *format, ...)
{
    char line[1024];
    if (!log || !log->fn || level > log->level) return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    base_sanitize(line);
    log->fn(log->context, level, line);
}
