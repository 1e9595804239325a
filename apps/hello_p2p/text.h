/* SPDX-License-Identifier: MIT */
#ifndef HELLO_TEXT_H
#define HELLO_TEXT_H

#include <jansson.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a stream that many readers share; they do not change any more. */
typedef struct hello_text {
    atomic_size_t owners;
    uint64_t number; /**< of the event, or of the last one that a state holds */
    size_t len;
    char bytes[];
} hello_text;

/** A server-sent event of one owner: the data, which is taken over, on one line of ASCII. `head` comes before
 *  it: whole lines, or "". NULL: out of memory; also when `data` is NULL, which is what jansson gives then.
 */
hello_text *text_event(const char *head, const char *name, uint64_t epoch, uint64_t number, json_t *data);

/** A comment, which keeps a connection open and that readers skip. */
hello_text *text_comment(void);

/** Another owner. Any thread. */
hello_text *text_keep(hello_text *self);

/** One owner less; the last one frees it. Any thread; NULL is allowed. */
void text_drop(hello_text *self);

#endif
