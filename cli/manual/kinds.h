/* SPDX-License-Identifier: MIT */
#ifndef CLI_MANUAL_KINDS_H
#define CLI_MANUAL_KINDS_H

#include <stddef.h>

/** What can be completed of a value. */
typedef enum manual_kind {
    MANUAL_UNKNOWN, /**< nothing */
    MANUAL_FILE,
    MANUAL_DIR,
    MANUAL_PROGRAM,
    MANUAL_WORDS, /**< one of a few */
    MANUAL_KINDS
} manual_kind;

/** By what the argument is called in the tables, "FILE", "on|off". */
manual_kind manual_kind_of(const char *argument);

/** The words of "[on|off]", with spaces in between; "" when it is not of that kind. */
void manual_words(const char *argument, char *words, size_t size);

#endif
