/* SPDX-License-Identifier: MIT */
#include "cluster/history.h"

#include <string.h>

void cluster_history_cut(cluster_history *history, uint64_t number)
{
    while (history->count && history->blocks[history->count - 1].number > number)
        history->count--;
}

void cluster_history_add(cluster_history *history, uint64_t number, const uint8_t hash32[static 32])
{
    cluster_history_cut(history, number);
    if (history->count && history->blocks[history->count - 1].number == number) history->count--;
    if (history->count == CLUSTER_HISTORY_MAX) {
        history->count--;
        memmove(history->blocks, history->blocks + 1, history->count * sizeof *history->blocks);
    }
    cluster_past *block = &history->blocks[history->count++];
    block->number = number;
    memcpy(block->hash32, hash32, sizeof block->hash32);
}

const cluster_past *cluster_history_newest(const cluster_history *history)
{
    return history->count ? &history->blocks[history->count - 1] : NULL;
}

const cluster_past *cluster_history_at_most(const cluster_history *history, uint64_t number)
{
    size_t i = history->count;
    while (i && history->blocks[i - 1].number > number)
        i--;
    return i ? &history->blocks[i - 1] : NULL;
}
