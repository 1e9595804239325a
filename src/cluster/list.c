/* SPDX-License-Identifier: MIT */
#include "cluster/list.h"

#include "base/hex.h"
#include "eth/key.h"

#include <stdlib.h>
#include <string.h>

enum { URLS_MAX = 64 * 1024 * 1024, CHUNK_PEERS = 16 };

struct cluster_chunk {
    cluster_chunk *next;
    cluster_peer *peer, *peers_end; /* where the next one goes, and the end of the room */
    char *url, *urls_end;
    cluster_peer peers[];
};

dstack_p2p_peers *cluster_list_new(const base_clock *clock)
{
    dstack_p2p_peers *list = calloc(1, sizeof *list);
    if (!list) return NULL;
    list->references = 1;
    list->clock = clock;
    list->read_ms = base_now_ms(clock);
    return list;
}

static bool reserve_places(dstack_p2p_peers *list, size_t more)
{
    if (list->capacity - list->count >= more) return true;
    size_t capacity = list->capacity * 2;
    if (capacity < list->count + more) capacity = list->count + more;
    cluster_peer **peers = realloc(list->peers, capacity * sizeof *peers);
    if (!peers) return false;
    list->peers = peers;
    list->capacity = capacity;
    return true;
}

bool cluster_list_reserve(dstack_p2p_peers *list, size_t peers, size_t url_bytes)
{
    size_t room = peers * sizeof(cluster_peer), urls = url_bytes + peers; /* a NUL each */
    if (!reserve_places(list, peers)) return false;
    cluster_chunk *chunk = malloc(sizeof *chunk + room + urls);
    if (!chunk) return false;
    chunk->next = list->chunks;
    chunk->peer = chunk->peers;
    chunk->peers_end = chunk->peers + peers;
    chunk->url = (char *)chunk->peers_end;
    chunk->urls_end = chunk->url + urls;
    list->chunks = chunk;
    return true;
}

/* The chunk with room for one more, made if there is none. */
static cluster_chunk *find_room(dstack_p2p_peers *list, size_t url_len)
{
    const cluster_chunk *chunk = list->chunks;
    bool fits = chunk && chunk->peer < chunk->peers_end && (size_t)(chunk->urls_end - chunk->url) > url_len;
    if (!fits && !cluster_list_reserve(list, CHUNK_PEERS, (size_t)CHUNK_PEERS * REGISTRY_URL_MAX))
        return NULL;
    return list->chunks;
}

bool cluster_list_add(dstack_p2p_peers *list, const registry_peer *peer, bool is_self)
{
    cluster_chunk *chunk = find_room(list, peer->url_len);
    if (!chunk || !reserve_places(list, 1) || list->url_bytes + peer->url_len > URLS_MAX) return false;
    cluster_peer *slot = chunk->peer++;
    base_hex_encode(peer->instance20, 20, slot->instance_text);
    eth_address_format(peer->address20, slot->address_text);
    memcpy(chunk->url, peer->url, peer->url_len);
    chunk->url[peer->url_len] = '\0';
    slot->record = (dstack_p2p_peer){.instance_id = slot->instance_text,
                                     .connection_url = chunk->url,
                                     .instance_address = slot->address_text,
                                     .registered_at = peer->registered_at,
                                     .expires_at = peer->expires_at,
                                     .is_self = is_self};
    chunk->url += peer->url_len + 1;
    list->url_bytes += peer->url_len;
    list->peers[list->count++] = slot;
    return true;
}

bool cluster_list_add_record(dstack_p2p_peers *list, const dstack_p2p_peer *record)
{
    registry_peer peer = {.registered_at = record->registered_at,
                          .expires_at = record->expires_at,
                          .url = record->connection_url,
                          .url_len = strlen(record->connection_url)};
    return base_hex_decode(record->instance_id, 40, peer.instance20, 20) &&
           eth_address_parse(record->instance_address, peer.address20) &&
           cluster_list_add(list, &peer, record->is_self);
}

void cluster_list_clear(dstack_p2p_peers *list)
{
    while (list->chunks) {
        cluster_chunk *chunk = list->chunks;
        list->chunks = chunk->next;
        free(chunk);
    }
    list->count = list->url_bytes = 0;
}

static int by_age(const void *a, const void *b)
{
    const cluster_peer *left = *(cluster_peer *const *)a, *right = *(cluster_peer *const *)b;
    if (left->record.registered_at != right->record.registered_at)
        return left->record.registered_at < right->record.registered_at ? -1 : 1;
    return memcmp(left->instance_text, right->instance_text, sizeof left->instance_text);
}

static int by_instance(const void *a, const void *b)
{
    const cluster_peer *left = *(cluster_peer *const *)a, *right = *(cluster_peer *const *)b;
    return memcmp(left->instance_text, right->instance_text, sizeof left->instance_text);
}

/* Ordered by instance, equal ones are neighbours. */
static int check_unique(const dstack_p2p_peers *list, base_error *error)
{
    for (size_t i = 1; i < list->count; i++)
        if (by_instance(&list->peers[i - 1], &list->peers[i]) == 0)
            return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node lists instance %s twice",
                             list->peers[i]->instance_text);
    return 0;
}

int cluster_list_finish(dstack_p2p_peers *list, base_error *error)
{
    if (!list->count) return 0;
    qsort(list->peers, list->count, sizeof *list->peers, by_instance);
    if (check_unique(list, error)) return error->code;
    qsort(list->peers, list->count, sizeof *list->peers, by_age);
    return 0;
}

int cluster_compare_instances(const void *a, const void *b)
{
    const dstack_p2p_peer *const *left = a, *const *right = b;
    return strcmp((*left)->instance_id, (*right)->instance_id);
}

const dstack_p2p_peer **cluster_list_by_instance(const dstack_p2p_peers *list)
{
    const dstack_p2p_peer **peers = malloc((list->count + 1) * sizeof *peers);
    if (!peers) return NULL;
    for (size_t i = 0; i < list->count; i++)
        peers[i] = &list->peers[i]->record;
    peers[list->count] = NULL;
    qsort(peers, list->count, sizeof *peers, cluster_compare_instances);
    return peers;
}

const dstack_p2p_peer *cluster_list_find_self(const dstack_p2p_peers *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->peers[i]->record.is_self) return &list->peers[i]->record;
    return NULL;
}

uint64_t cluster_list_first_expiry(const dstack_p2p_peers *list)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t expiry = list->peers[i]->record.expires_at;
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
    cluster_list_clear(peers);
    free(peers->peers);
    free(peers);
}

size_t dstack_p2p_peers_count(const dstack_p2p_peers *peers)
{
    return peers ? peers->count : 0;
}

const dstack_p2p_peer *dstack_p2p_peers_at(const dstack_p2p_peers *peers, size_t index)
{
    return peers && index < peers->count ? &peers->peers[index]->record : NULL;
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
