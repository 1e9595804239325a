/* SPDX-License-Identifier: MIT */
#include "cluster/list.h"

#include "base/hex.h"
#include "eth/key.h"

#include <stdlib.h>
#include <string.h>

enum { URLS_MAX = 64 * 1024 * 1024 };

dstack_p2p_peers *cluster_list_new(const base_clock *clock)
{
    dstack_p2p_peers *list = calloc(1, sizeof *list);
    if (!list) return NULL;
    list->references = 1;
    list->urls = base_buf_make(URLS_MAX);
    list->clock = clock;
    list->read_ms = base_now_ms(clock);
    return list;
}

static cluster_peer *next_slot(dstack_p2p_peers *list)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        cluster_peer *peers = realloc(list->peers, capacity * sizeof *peers);
        if (!peers) return NULL;
        list->peers = peers;
        list->capacity = capacity;
    }
    return &list->peers[list->count];
}

bool cluster_list_add(dstack_p2p_peers *list, const registry_peer *peer, bool is_self)
{
    cluster_peer *slot = next_slot(list);
    if (!slot || !base_buf_append(&list->urls, peer->url, peer->url_len) ||
        !base_buf_append(&list->urls, "", 1))
        return false;
    base_hex_encode(peer->instance20, 20, slot->instance_text);
    eth_address_format(peer->address20, slot->address_text);
    slot->record = (dstack_p2p_peer){
        .registered_at = peer->registered_at, .expires_at = peer->expires_at, .is_self = is_self};
    list->count++;
    return true;
}

static int by_age(const void *a, const void *b)
{
    const cluster_peer *left = a, *right = b;
    if (left->record.registered_at != right->record.registered_at)
        return left->record.registered_at < right->record.registered_at ? -1 : 1;
    return strcmp(left->instance_text, right->instance_text);
}

static int by_instance(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* The memory has stopped moving: records can point into it. */
static void set_pointers(dstack_p2p_peers *list)
{
    const char *url = list->urls.data;
    for (size_t i = 0; i < list->count; i++) {
        list->peers[i].record.connection_url = url;
        url += strlen(url) + 1;
    }
    if (list->count) qsort(list->peers, list->count, sizeof *list->peers, by_age);
    for (size_t i = 0; i < list->count; i++) {
        list->peers[i].record.instance_id = list->peers[i].instance_text;
        list->peers[i].record.instance_address = list->peers[i].address_text;
    }
}

static int check_unique(const dstack_p2p_peers *list, base_error *error)
{
    const char **ids = malloc((list->count + 1) * sizeof *ids);
    if (!ids) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < list->count; i++)
        ids[i] = list->peers[i].instance_text;
    qsort(ids, list->count, sizeof *ids, by_instance);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node lists instance %s twice", ids[i]);
    free(ids);
    return error->code;
}

int cluster_list_finish(dstack_p2p_peers *list, base_error *error)
{
    set_pointers(list);
    return check_unique(list, error);
}

uint64_t cluster_list_first_expiry(const dstack_p2p_peers *list)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t expiry = list->peers[i].record.expires_at;
        if (expiry && expiry < first) first = expiry;
    }
    return first;
}

dstack_p2p_peers *dstack_p2p_peers_ref(const dstack_p2p_peers *peers)
{
    /* The count is the one thing about a list that changes, behind everybody's back. */
    dstack_p2p_peers *list = (dstack_p2p_peers *)(uintptr_t)peers;
    if (list) atomic_fetch_add(&list->references, 1);
    return list;
}

void dstack_p2p_peers_free(dstack_p2p_peers *peers)
{
    if (!peers || atomic_fetch_sub(&peers->references, 1) != 1) return;
    base_buf_free(&peers->urls);
    free(peers->peers);
    free(peers);
}

size_t dstack_p2p_peers_count(const dstack_p2p_peers *peers)
{
    return peers ? peers->count : 0;
}

const dstack_p2p_peer *dstack_p2p_peers_at(const dstack_p2p_peers *peers, size_t index)
{
    return peers && index < peers->count ? &peers->peers[index].record : NULL;
}

uint64_t dstack_p2p_peers_version(const dstack_p2p_peers *peers)
{
    return peers ? peers->version : 0;
}

uint64_t dstack_p2p_peers_block_number(const dstack_p2p_peers *peers)
{
    return peers ? peers->block_number : 0;
}

uint64_t dstack_p2p_peers_block_time(const dstack_p2p_peers *peers)
{
    return peers ? peers->block_time : 0;
}

uint64_t dstack_p2p_peers_age_ms(const dstack_p2p_peers *peers)
{
    return peers ? base_now_ms(peers->clock) - peers->read_ms : 0;
}
