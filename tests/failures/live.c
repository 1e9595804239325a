/* SPDX-License-Identifier: MIT */
#include "failures/live.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hash table that allocates nothing. Linear probing; what is removed leaves GONE behind. */
enum { PLACES = 1 << 16 };
static const char gone_place;
#define GONE ((const void *)&gone_place)

typedef struct live_place {
    const void *data, *caller;
    size_t size;
} live_place;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static live_place places[PLACES];
static size_t count;
static bool recording;

static size_t home_of(const void *data)
{
    return (size_t)((uintptr_t)data >> 4) * 2654435761u % PLACES;
}

static live_place *find(const void *data)
{
    for (size_t i = 0, at = home_of(data); i < PLACES && places[at].data; i++, at = (at + 1) % PLACES)
        if (places[at].data == data) return &places[at];
    return NULL;
}

static live_place *find_free(const void *data)
{
    for (size_t i = 0, at = home_of(data); i < PLACES; i++, at = (at + 1) % PLACES)
        if (!places[at].data || places[at].data == GONE) return &places[at];
    abort(); /* more than a scenario may need */
}

void live_begin(void)
{
    pthread_mutex_lock(&lock);
    memset(places, 0, sizeof places);
    count = 0;
    recording = true;
    pthread_mutex_unlock(&lock);
}

size_t live_end(void)
{
    pthread_mutex_lock(&lock);
    recording = false;
    size_t left = count;
    pthread_mutex_unlock(&lock);
    return left;
}

void live_print(void)
{
    for (size_t i = 0; i < PLACES; i++)
        if (places[i].data && places[i].data != GONE)
            fprintf(stderr, "  %zu bytes, allocated at %p\n", places[i].size, places[i].caller);
}

void live_add(const void *data, size_t size, const void *caller)
{
    pthread_mutex_lock(&lock);
    if (recording) {
        *find_free(data) = (live_place){data, caller, size};
        count++;
    }
    pthread_mutex_unlock(&lock);
}

void live_remove(const void *data)
{
    pthread_mutex_lock(&lock);
    live_place *place = find(data);
    if (place) {
        place->data = GONE;
        count--;
    }
    pthread_mutex_unlock(&lock);
}
