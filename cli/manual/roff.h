/* SPDX-License-Identifier: MIT */
#ifndef CLI_MANUAL_ROFF_H
#define CLI_MANUAL_ROFF_H

#include <stdio.h>

/*
 * Texts of the tables as mdoc(7). Whatever is in them is text: no byte of it is taken as a request or an
 * escape.
 */

/** Running text: filled lines, a new one for each sentence; `this` and --this are bold. Ends its line. */
void roff_text(FILE *out, const char *text);

/** Paragraphs separated by an empty line. */
void roff_paragraphs(FILE *out, const char *text);

/** `len` bytes as they are, for a literal display. Ends its line. */
void roff_literal(FILE *out, const char *line, size_t len);

/** A word as the argument of a macro, which it cannot be mistaken for. */
void roff_argument(FILE *out, const char *word);

#endif
