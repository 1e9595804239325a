/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

/** Overwrites with zeros in a way the compiler keeps. NULL is allowed when len is 0. */
void base_wipe(void *data, size_t len);

/** Wipes a NUL-terminated string and frees it. NULL is allowed. */
void base_wipe_free(char *text);

#endif
