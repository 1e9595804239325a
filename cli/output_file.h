/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CLI_OUTPUT_TEXT = 512 };

/** For `mode`: that of the file that is there, else 0644. */
#define CLI_KEEP_MODE ((mode_t)-1)

/**
 * Puts a text in place of a file, so that nobody ever sees a part of it, and has it on disk. A symbolic link
 * is followed, also to where nothing is yet; an existing file's owner is kept. Nothing is done when the file
 * holds the text already. 0 with `*changed`, or -1 with the reason in `problem`, the file being as it was.
 */
int cli_output_write(const char *path, mode_t mode, const char *text, size_t len, bool *changed,
                     char problem[static CLI_OUTPUT_TEXT]);

#endif
