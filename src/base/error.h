/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "dstack_p2p.h"

#include <stddef.h>

enum { BASE_ERROR_TEXT = 512 };

/** A code and a sentence. All zero: success. */
typedef struct base_error {
    int code;
    char text[BASE_ERROR_TEXT];
} base_error;

/**
 * Records a failure and returns its code. The first one wins: on an error already set it changes nothing
 * and returns that one's code. Control and non-ASCII bytes of the sentence become '?', since parts of it
 * may come from the network; a longer sentence is cut. `error` may be NULL.
 */
int base_fail(base_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Puts what was being done in front of the sentence, "context: sentence". */
void base_error_context(base_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Back to success. */
void base_error_clear(base_error *error);

/** Replaces control and non-ASCII bytes by '?' in place. */
void base_sanitize(char *text);

#endif
