/* SPDX-License-Identifier: MIT */
#ifndef HELLO_LOG_H
#define HELLO_LOG_H

#include "dstack_p2p.h"

#include <stdbool.h>

/** Lets debug lines through. Before other threads start. */
void log_set_verbose(bool verbose);

/** One line on standard error with time and level. Control bytes become '?'. Any thread. */
void log_line(dstack_p2p_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A dstack_p2p_log_fn. */
void log_from_sdk(void *context, dstack_p2p_log_level level, const char *message);

#define log_error(...)   log_line(DSTACK_P2P_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(DSTACK_P2P_LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(DSTACK_P2P_LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(DSTACK_P2P_LOG_DEBUG, __VA_ARGS__)

/** "hello_p2p: <sentence>" on standard error, for what ends the program. Returns `status`. */
int log_fatal(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Replaces control and non-ASCII bytes by '?' in place: what peers say must not drive a terminal. */
void log_sanitize(char *text);

#endif
