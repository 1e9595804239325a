/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void forget_oldest(hello_feed *self)
{
    hello_text **place = &self->events[(self->last - self->kept + 1) % FEED_EVENTS];
    self->bytes -= (*place)->len;
    self->kept--;
    text_drop(*place);
    *place = NULL;
}

static void forget_all(hello_feed *self)
{
    while (self->kept)
        forget_oldest(self);
}

void feed_start_anew(hello_feed *self)
{
    forget_all(self);
    self->behind = ++self->last;
}

void feed_publish(hello_feed *self, const char *name, json_t *data)
{
    hello_text *text = text_event("", name, self->epoch, self->last + 1, data);
    if (!text) {
        feed_start_anew(self);
        return;
    }
    while (self->kept && (self->kept == FEED_EVENTS || self->bytes + text->len > FEED_BYTES))
        forget_oldest(self);
    self->last++;
    self->kept++;
    self->bytes += text->len;
    self->events[self->last % FEED_EVENTS] = text;
}

void feed_publish_change(hello_feed *self, const char *name, json_t *data)
{
    uint64_t number = self->next_change++;
    json_t **place = &self->changes[number % FEED_CHANGES];
    if (data) {
        json_object_set_new(data, "change", json_string(name));
        json_object_set_new(data, "number", json_integer((json_int_t)number));
    }
    json_decref(*place);
    *place = json_incref(data);
    feed_publish(self, name, data);
}

bool feed_reaches(const hello_feed *self, uint64_t number)
{
    return number <= self->last && number >= self->behind && self->last - number <= self->kept;
}

hello_text *feed_after(const hello_feed *self, uint64_t number)
{
    return number < self->last ? text_keep(self->events[(number + 1) % FEED_EVENTS]) : NULL;
}

bool feed_number(const hello_feed *self, const char *id, uint64_t *number)
{
    uint64_t epoch = 0;
    int end = -1;
    if (sscanf(id, "%16" SCNx64 "-%19" SCNu64 "%n", &epoch, number, &end) != 2) return false;
    return end > 0 && !id[end] && epoch == self->epoch;
}

json_t *feed_changes(const hello_feed *self)
{
    json_t *all = json_array();
    for (uint64_t i = 0; i < FEED_CHANGES; i++) {
        json_t *change = self->changes[(self->next_change + i) % FEED_CHANGES];
        if (change) json_array_append(all, change);
    }
    return all;
}

void feed_clear(hello_feed *self)
{
    forget_all(self);
    for (size_t i = 0; i < FEED_CHANGES; i++) {
        json_decref(self->changes[i]);
        self->changes[i] = NULL;
    }
}
