/* SPDX-License-Identifier: MIT */
#include "cluster/proofs.h"

#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 2000, LATER_MS = 600000, LONGEST_MS = 6 * 3600 * 1000 };

void cluster_proofs_init(cluster_proofs *proofs)
{
    pthread_mutex_init(&proofs->lock, NULL);
    proofs->due_ms = UINT64_MAX;
}

void cluster_proofs_free(cluster_proofs *proofs)
{
    dstack_p2p_peers_free(proofs->list);
    free(proofs->items);
    pthread_mutex_destroy(&proofs->lock);
}

/* In the order of a list. */
static int compare(const cluster_peer *a, const cluster_peer *b)
{
    if (a->record.registered_at != b->record.registered_at)
        return a->record.registered_at < b->record.registered_at ? -1 : 1;
    return memcmp(a->instance_text, b->instance_text, sizeof a->instance_text);
}

static bool is_same(const cluster_peer *a, const cluster_peer *b)
{
    return !strcmp(a->record.connection_url, b->record.connection_url) &&
           !memcmp(a->address_text, b->address_text, sizeof a->address_text);
}

/* Both are in the order of lists: one walk along either. */
static void recall(const cluster_proofs *proofs, cluster_proof *items, size_t count)
{
    for (size_t i = 0, at = 0; i < count; i++) {
        const cluster_peer *peer = items[i].peer;
        while (at < proofs->count && compare(proofs->items[at].peer, peer) < 0)
            at++;
        if (at == proofs->count) return;
        if (compare(proofs->items[at].peer, peer) != 0 || !is_same(proofs->items[at].peer, peer)) continue;
        items[i] = proofs->items[at];
        items[i].peer = peer;
    }
}

cluster_proof *cluster_proofs_recall(cluster_proofs *proofs, const dstack_p2p_peers *list)
{
    cluster_proof *items = calloc(list->count ? list->count : 1, sizeof *items);
    if (!items) return NULL;
    for (size_t i = 0; i < list->count; i++)
        items[i].peer = list->peers[i];
    pthread_mutex_lock(&proofs->lock);
    recall(proofs, items, list->count);
    pthread_mutex_unlock(&proofs->lock);
    return items;
}

static uint64_t first_retry(const cluster_proof *items, size_t count)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (items[i].state == CLUSTER_PROOF_FAILED && items[i].retry_ms < first) first = items[i].retry_ms;
    return first;
}

void cluster_proofs_keep(cluster_proofs *proofs, const dstack_p2p_peers *list, cluster_proof *items,
                         size_t count)
{
    dstack_p2p_peers *reference = dstack_p2p_peers_ref(list);
    pthread_mutex_lock(&proofs->lock);
    dstack_p2p_peers *old_list = proofs->list;
    cluster_proof *old_items = proofs->items;
    proofs->list = reference;
    proofs->items = items;
    proofs->count = count;
    proofs->due_ms = first_retry(items, count);
    pthread_mutex_unlock(&proofs->lock);
    dstack_p2p_peers_free(old_list);
    free(old_items);
}

bool cluster_proofs_are_due(cluster_proofs *proofs, uint64_t now_ms)
{
    pthread_mutex_lock(&proofs->lock);
    bool due = now_ms >= proofs->due_ms;
    pthread_mutex_unlock(&proofs->lock);
    return due;
}

bool cluster_proof_is_due(const cluster_proof *proof, uint64_t now_ms)
{
    return proof->state == CLUSTER_PROOF_OPEN ||
           (proof->state == CLUSTER_PROOF_FAILED && now_ms >= proof->retry_ms);
}

void cluster_proof_fail(cluster_proof *proof, uint64_t now_ms)
{
    uint64_t pause = proof->verdict == REGISTRY_NO_EVENT ? SOON_MS : LATER_MS;
    for (unsigned i = 0; i < proof->failures && pause < LONGEST_MS; i++)
        pause *= 2;
    proof->state = CLUSTER_PROOF_FAILED;
    proof->failures++;
    proof->from = 0; /* the next time everywhere */
    proof->retry_ms = now_ms + (pause < LONGEST_MS ? pause : LONGEST_MS);
}
