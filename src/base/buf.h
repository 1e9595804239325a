/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A growing byte buffer that never holds more than the ceiling it was made with. `data` is always
 * followed by a NUL that `len` does not count, once anything was appended. An append that fails leaves
 * what is there, sets `overflow` or `no_memory`, and makes all later appends fail.
 */
typedef struct base_buf {
    char *data;
    size_t len, cap, max;
    bool overflow, no_memory;
    bool secret; /**< `data` is a block of base_secret_new() */
} base_buf;

/** An empty buffer for at most `max` bytes. */
base_buf base_buf_make(size_t max);

/** The same for secrets. */
base_buf base_buf_make_secret(size_t max);

/** Makes room for `more` bytes, exactly if the buffer is empty; a failure counts as a failed append. */
bool base_buf_reserve(base_buf *buf, size_t more);

bool base_buf_append(base_buf *buf, const void *data, size_t len);
bool base_buf_puts(base_buf *buf, const char *text);
bool base_buf_printf(base_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Appends `len` bytes as lowercase hex. */
bool base_buf_hex(base_buf *buf, const void *data, size_t len);

/** Appends `len` bytes for the caller to fill in; NULL when that failed. */
void *base_buf_extend(base_buf *buf, size_t len);

/** Whether an append has failed. */
bool base_buf_failed(const base_buf *buf);

/** Forgets the content and the failure, keeps the memory. */
void base_buf_reset(base_buf *buf);

void base_buf_free(base_buf *buf);

#endif
