/* SPDX-License-Identifier: MIT */
#ifndef CLI_MANUAL_PARTS_H
#define CLI_MANUAL_PARTS_H

#include <stdbool.h>
#include <stdio.h>

/** The head and NAME of a page; `command` is NULL for that of all. */
void manual_head(FILE *out, const char *command, const char *summary);

/** Copies a hand-written part, mdoc(7). False when there is none of that name. */
bool manual_part(FILE *out, const char *folder, const char *name);

/** EXAMPLES, of lines as tables have them. */
void manual_examples(FILE *out, const char *text);

#endif
