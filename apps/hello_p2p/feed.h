/* SPDX-License-Identifier: MIT */
#ifndef HELLO_FEED_H
#define HELLO_FEED_H

#include "text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What happened last, for those who look at the page: numbered events, the newest of them kept for readers
 * that are a little behind. Whoever is further behind needs the whole state. Part of the node, under its
 * lock.
 */
enum { FEED_EVENTS = 512, FEED_BYTES = 512 * 1024, FEED_CHANGES = 50 };

typedef struct hello_feed {
    uint64_t epoch;  /**< tells this process's numbers from those of an earlier one */
    uint64_t last;   /**< number of the newest event; 0: none yet */
    uint64_t kept;   /**< how many of the newest are kept */
    uint64_t behind; /**< readers that know no more than this need the state */
    size_t bytes;
    hello_text *events[FEED_EVENTS]; /**< by number, a ring */
    json_t *changes[FEED_CHANGES];   /**< joined, left and changed: a ring */
    uint64_t next_change;
} hello_feed;

/** Adds an event. Takes over the data; NULL stands for out of memory, and makes all readers start anew. */
void feed_publish(hello_feed *self, const char *name, json_t *data);

/** The same for a change in who is a member, which is remembered for the page's log. It gets its name and a
 * number, by which those who hear of it twice know that it is one. */
void feed_publish_change(hello_feed *self, const char *name, json_t *data);

/** All is different: readers start anew with the whole state. */
void feed_start_anew(hello_feed *self);

/** Whether a reader that knows all up to `number` can go on with single events. */
bool feed_reaches(const hello_feed *self, uint64_t number);

/** The event after `number`, the reader's own; NULL: there is none yet. Only when feed_reaches(). */
hello_text *feed_after(const hello_feed *self, uint64_t number);

/** The number in an event's id of this process ("EPOCH-NUMBER"). False: it is none. */
bool feed_number(const hello_feed *self, const char *id, uint64_t *number);

/** The changes that are remembered, the oldest first: a new array, NULL when out of memory. */
json_t *feed_changes(const hello_feed *self);

void feed_clear(hello_feed *self);

#endif
