/* SPDX-License-Identifier: MIT */
#include "cluster/touched.h"

#include <string.h>

static void add_instance(cluster_touched *touched, const uint8_t instance20[static 20])
{
    for (size_t i = 0; i < touched->count; i++)
        if (!memcmp(touched->instances[i], instance20, 20)) return;
    if (touched->count == CLUSTER_TOUCHED_MAX)
        touched->everything = true;
    else
        memcpy(touched->instances[touched->count++], instance20, 20);
}

/* Several entries of one transaction move it once. */
static void add_version(cluster_touched *touched, uint64_t version)
{
    for (size_t i = 0; i < touched->version_count; i++)
        if (touched->versions[i] == version) return;
    if (touched->version_count == CLUSTER_TOUCHED_MAX)
        touched->everything = true;
    else
        touched->versions[touched->version_count++] = version;
}

/* Two blocks of one number are of two branches. */
static void add_block(cluster_touched *touched, const registry_event *event)
{
    for (size_t i = 0; i < touched->block_count; i++) {
        const cluster_past *block = &touched->blocks[i];
        if (block->number != event->block_number) continue;
        if (memcmp(block->hash32, event->block_hash32, 32) != 0) touched->everything = true;
        return;
    }
    if (touched->block_count == CLUSTER_TOUCHED_BLOCKS) {
        touched->everything = true;
        return;
    }
    cluster_past *block = &touched->blocks[touched->block_count++];
    block->number = event->block_number;
    memcpy(block->hash32, event->block_hash32, sizeof block->hash32);
}

void cluster_touched_add(cluster_touched *touched, const registry_event *event)
{
    switch (event->kind) {
    case REGISTRY_PEER_REGISTERED:
    case REGISTRY_PEER_REMOVED:
        add_version(touched, event->version);
        add_block(touched, event);
        add_instance(touched, event->instance20);
        break;
    case REGISTRY_PEER_RENEWED:
        add_instance(touched, event->instance20);
        break;
    case REGISTRY_POLICY_TIGHTENED:
        touched->everything = true;
        break;
    default:
        break;
    }
    if (event->removed) touched->everything = true;
}

bool cluster_touched_covers(const cluster_touched *touched, uint64_t from, uint64_t to)
{
    uint64_t steps = 0;
    for (size_t i = 0; i < touched->version_count; i++)
        steps += touched->versions[i] > from && touched->versions[i] <= to;
    return !touched->everything && touched->count && to >= from && steps == to - from;
}
