/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static bool verbose_log;

void log_set_verbose(bool verbose)
{
    verbose_log = verbose;
}

void log_sanitize(char *text)
{
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e) *text = '?';
    }
}

/* One write per line, so that lines of several threads and processes do not mix. */
static void write_line(char *line, size_t len)
{
    line[len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}

static size_t put_time(char *line, size_t size)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(line + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
    return len + (size_t)more;
}

__attribute__((format(printf, 3, 0))) static size_t put_text(char *line, size_t size, const char *format,
                                                             va_list arguments)
{
    int len = vsnprintf(line, size, format, arguments);
    if (len < 0) return 0;
    log_sanitize(line);
    return (size_t)len < size ? (size_t)len : size - 1;
}

void log_line(dstack_p2p_log_level level, const char *format, ...)
{
    static const char *const names[] = {"INFO ", "ERROR", "WARN ", "INFO ", "DEBUG"};
    if (level == DSTACK_P2P_LOG_DEBUG && !verbose_log) return;
    char line[LINE_MAX_BYTES];
    size_t len = put_time(line, sizeof line);
    len += (size_t)snprintf(line + len, sizeof line - len, " %s ",
                            level <= DSTACK_P2P_LOG_DEBUG ? names[level] : "?");
    va_list arguments;
    va_start(arguments, format);
    len += put_text(line + len, sizeof line - len - 1, format, arguments);
    va_end(arguments);
    write_line(line, len);
}

void log_from_sdk(void *context, dstack_p2p_log_level level, const char *message)
{
    (void)context;
    log_line(level, "sdk: %s", message);
}

int log_fatal(int status, const char *format, ...)
{
    char line[LINE_MAX_BYTES] = "hello_p2p: ";
    size_t len = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    len += put_text(line + len, sizeof line - len - 1, format, arguments);
    va_end(arguments);
    write_line(line, len);
    return status;
}
