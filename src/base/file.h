/* SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/** Writes all of it, and has it on disk; false, with errno, when that failed. */
bool base_file_write(int fd, const void *data, size_t len);

#endif
