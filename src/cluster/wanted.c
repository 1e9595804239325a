/* SPDX-License-Identifier: MIT */
#include "cluster/wanted.h"

#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

static int by_instance(const void *a, const void *b)
{
    const cluster_wanted *left = a, *right = b;
    return memcmp(left->instance20, right->instance20, 20);
}

static void want(cluster_wanted *wanted, cluster_proof *proof)
{
    base_hex_decode(proof->peer->instance_text, 40, wanted->instance20, 20);
    base_hex_decode(proof->peer->address_text + 2, 40, wanted->address20, 20);
    wanted->proof = proof;
    proof->verdict = REGISTRY_NO_EVENT;
}

bool cluster_wanted_collect(cluster_wanted_set *set, cluster_proof *proofs, size_t count, uint64_t now_ms)
{
    *set = (cluster_wanted_set){0};
    for (size_t i = 0; i < count; i++)
        set->open += cluster_proof_is_due(&proofs[i], now_ms);
    set->items = calloc(set->open ? set->open : 1, sizeof *set->items);
    if (!set->items) return false;
    for (size_t i = 0; i < count; i++)
        if (cluster_proof_is_due(&proofs[i], now_ms)) want(&set->items[set->count++], &proofs[i]);
    qsort(set->items, set->count, sizeof *set->items, by_instance);
    return true;
}

void cluster_wanted_free(cluster_wanted_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i].event);
    free(set->items);
}

bool cluster_wanted_is_open(const cluster_wanted *wanted)
{
    return wanted->proof->state != CLUSTER_PROOF_HOLDS;
}

void cluster_wanted_count(cluster_wanted_set *set)
{
    set->open = 0;
    for (size_t i = 0; i < set->count; i++)
        set->open += cluster_wanted_is_open(&set->items[i]);
}

void cluster_wanted_filter(const cluster_wanted_set *set, const uint8_t contract20[static 20],
                           eth_log_filter *filter)
{
    memset(filter, 0, sizeof *filter);
    memcpy(filter->contract20, contract20, 20);
    memcpy(filter->topic32, registry_event_topic(REGISTRY_PEER_REGISTERED), 32);
    if (set->open > ETH_LOGS_TOPICS_MAX) return;
    for (size_t i = 0; i < set->count; i++)
        if (cluster_wanted_is_open(&set->items[i]))
            registry_instance_topic(set->items[i].instance20, filter->seconds[filter->second_count++]);
}

static cluster_wanted *find(const cluster_wanted_set *set, const registry_event *event)
{
    cluster_wanted key;
    memcpy(key.instance20, event->instance20, 20);
    cluster_wanted *wanted = bsearch(&key, set->items, set->count, sizeof key, by_instance);
    bool fits = wanted && cluster_wanted_is_open(wanted) && !wanted->event &&
                !memcmp(wanted->address20, event->address20, 20);
    return fits && !strcmp(wanted->proof->peer->record.connection_url, event->url) ? wanted : NULL;
}

bool cluster_wanted_take(cluster_wanted_set *set, const registry_event *event)
{
    cluster_wanted *wanted = find(set, event);
    if (!wanted) return true;
    wanted->event = malloc(sizeof *event);
    if (!wanted->event) return false;
    *wanted->event = *event;
    return true;
}
