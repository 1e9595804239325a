/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hello_text *text_new(uint64_t number, size_t len)
{
    hello_text *self = malloc(sizeof *self + len + 1);
    if (!self) return NULL;
    atomic_init(&self->owners, 1);
    self->number = number;
    self->len = len;
    return self;
}

hello_text *text_event(const char *head, const char *name, uint64_t epoch, uint64_t number, json_t *data)
{
    char before[160];
    char *json = data ? json_dumps(data, JSON_ENSURE_ASCII | JSON_COMPACT) : NULL;
    json_decref(data);
    if (!json) return NULL;
    int begin = snprintf(before, sizeof before, "%sid: %" PRIx64 "-%" PRIu64 "\nevent: %s\ndata: ", head,
                         epoch, number, name);
    size_t first = (size_t)begin, len = strlen(json);
    hello_text *self = first < sizeof before ? text_new(number, first + len + 2) : NULL;
    if (self) {
        memcpy(self->bytes, before, first);
        memcpy(self->bytes + first, json, len);
        memcpy(self->bytes + first + len, "\n\n", 3);
    }
    free(json);
    return self;
}

hello_text *text_comment(void)
{
    static const char comment[] = ":\n\n";
    hello_text *self = text_new(0, sizeof comment - 1);
    if (self) memcpy(self->bytes, comment, sizeof comment);
    return self;
}

hello_text *text_keep(hello_text *self)
{
    atomic_fetch_add(&self->owners, 1);
    return self;
}

void text_drop(hello_text *self)
{
    if (self && atomic_fetch_sub(&self->owners, 1) == 1) free(self);
}
