/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <stdlib.h>
#include <string.h>

bool peers_is_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == 40 && text[40] == '\0';
}

/* Index of the first peer that is not below `id`. */
static size_t lower_bound(const hello_peers *table, const char *id)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(table->items[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const hello_peers *table, size_t index, const char *id)
{
    return index < table->count && !strcmp(table->items[index]->id, id);
}

static void peer_free(hello_peer *item)
{
    free(item->url);
    free(item->message);
    free(item->error);
    free(item->told);
    free(item);
}

static hello_peer *peer_new(const char *id, const char *url)
{
    hello_peer *item = calloc(1, sizeof *item);
    if (!item) return NULL;
    size_t len = strnlen(id, sizeof item->id - 1);
    memcpy(item->id, id, len);
    item->timestamp = item->peers_known = -1;
    item->url = strdup(url);
    if (item->url) return item;
    free(item);
    return NULL;
}

static bool reserve(hello_peers *table)
{
    if (table->count < table->capacity) return true;
    size_t capacity = table->capacity ? 2 * table->capacity : 16;
    hello_peer **items = realloc(table->items, capacity * sizeof *items);
    if (!items) return false;
    table->items = items;
    table->capacity = capacity;
    return true;
}

size_t peers_index(const hello_peers *table, const char *id)
{
    size_t index = lower_bound(table, id);
    return is_at(table, index, id) ? index : table->count;
}

hello_peer *peers_find(const hello_peers *table, const char *id)
{
    size_t index = peers_index(table, id);
    return index < table->count ? table->items[index] : NULL;
}

static int64_t stranger_at(const hello_peers *table, const char *id)
{
    int64_t at = 0;
    for (size_t i = 0; i < STRANGERS; i++) {
        const hello_stranger *item = &table->strangers[i];
        if (item->at > at && !strcmp(item->id, id)) at = item->at;
    }
    return at;
}

bool peers_put(hello_peers *table, const char *id, const char *url)
{
    hello_peer *item = peer_new(id, url);
    if (!item) return false;
    size_t index = lower_bound(table, id);
    if (is_at(table, index, id)) {
        item->greeted_us_at = table->items[index]->greeted_us_at;
        peer_free(table->items[index]);
    } else {
        if (!reserve(table)) {
            peer_free(item);
            return false;
        }
        memmove(table->items + index + 1, table->items + index,
                (table->count - index) * sizeof *table->items);
        table->count++;
        item->greeted_us_at = stranger_at(table, id);
    }
    table->items[index] = item;
    return true;
}

void peers_remove(hello_peers *table, const char *id)
{
    size_t index = lower_bound(table, id);
    if (!is_at(table, index, id)) return;
    peer_free(table->items[index]);
    table->count--;
    memmove(table->items + index, table->items + index + 1, (table->count - index) * sizeof *table->items);
}

void peers_clear(hello_peers *table)
{
    for (size_t i = 0; i < table->count; i++)
        peer_free(table->items[i]);
    free(table->items);
    table->items = NULL;
    table->count = table->capacity = 0;
}

void peers_heard(hello_peers *table, const char *id, int64_t at)
{
    hello_peer *item = peers_find(table, id);
    if (item) {
        item->greeted_us_at = at;
        item->news |= NEWS_GREETED_US;
        return;
    }
    hello_stranger *stranger = &table->strangers[table->next_stranger++ % STRANGERS];
    memcpy(stranger->id, id, sizeof stranger->id);
    stranger->at = at;
}

hello_peer *peers_due(const hello_peers *table, uint64_t now_ms, uint64_t *next_ms)
{
    hello_peer *best = NULL;
    *next_ms = PEER_NEVER;
    for (size_t i = 0; i < table->count; i++) {
        hello_peer *item = table->items[i];
        if (item->in_flight) continue;
        if (item->due_ms > now_ms) {
            if (item->due_ms < *next_ms) *next_ms = item->due_ms;
        } else if (!best || item->failures < best->failures) {
            best = item;
        }
    }
    return best;
}

hello_peer *peers_to_ask(const hello_peers *table, uint64_t now_ms, uint64_t *next_ms)
{
    hello_peer *best = NULL;
    for (size_t i = 0; i < table->count; i++) {
        hello_peer *item = table->items[i];
        if (item->in_flight || item->error || !item->message) continue;
        if (item->ask_due_ms > now_ms) {
            if (item->ask_due_ms < *next_ms) *next_ms = item->ask_due_ms;
        } else if (!best || item->ask_due_ms < best->ask_due_ms) {
            best = item;
        }
    }
    return best;
}
