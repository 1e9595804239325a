/* SPDX-License-Identifier: MIT */
#include "cluster/search.h"

#include "cluster/anchors.h"
#include "cluster/locate.h"

/* Of one search, whatever the node answers. */
enum { EXCHANGES_MAX = 400, EFFORT_MS = 60000 };

/* A new peer is looked for in the blocks since the last list first, if these are not many; a few before them
 * as well, for the chain may have been reorganised. */
enum { RECENT_BLOCKS = 5000, RECENT_SLACK = 64 };

enum { LOCATE_ROUNDS = 4 };

typedef struct state {
    cluster_search *search;
    cluster_wanted_set wanted;
    uint64_t first_trip, start_ms;
    uint64_t head;                  /* the node's newest block; 0 = not heard yet */
    uint64_t located_time, located; /* what cluster_locate() last said, in so many rounds */
    unsigned located_rounds;
} state;

/* ---- One step ---- */

static int check_effort(const state *it, base_error *error)
{
    const cluster_search *search = it->search;
    uint64_t trips = eth_rpc_round_trips(search->rpc) - it->first_trip;
    uint64_t elapsed = base_now_ms(search->sdk->clock) - it->start_ms;
    if (trips < EXCHANGES_MAX && elapsed < EFFORT_MS) return 0;
    return base_fail(
        error, DSTACK_P2P_ERR_RPC_ERROR,
        "%zu of %zu peers are not checked yet after %llu requests in %llu s, and the next reading "
        "goes on; use a node with a higher limit for eth_getLogs (%llu blocks now)",
        it->wanted.open, it->wanted.count, (unsigned long long)trips, (unsigned long long)elapsed / 1000,
        (unsigned long long)search->limits.blocks);
}

static int take_entry(state *it, const json_t *log, base_error *error)
{
    registry_event event;
    if (registry_read_event(log, it->search->verifier.contract20, &event, error)) return error->code;
    if (event.kind != REGISTRY_PEER_REGISTERED || event.removed) return 0;
    if (cluster_wanted_take(&it->wanted, &event)) return 0;
    return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
}

/* The newest first, for one event of each peer is checked at a time. */
static int take_entries(state *it, const eth_log_answer *answer, base_error *error)
{
    for (size_t i = answer->count; i-- > 0;) {
        const json_t *logs = answer->batch.requests[answer->first + i].result;
        for (size_t at = json_array_size(logs); at-- > 0;)
            if (take_entry(it, json_array_get(logs, at), error)) return error->code;
    }
    return 0;
}

/* Searches as many blocks from `*from` on as the node answers for at once. */
static int step(state *it, uint64_t *from, uint64_t to, base_error *error)
{
    eth_log_filter filter;
    eth_log_answer answer;
    cluster_search *search = it->search;
    if (check_effort(it, error)) return error->code;
    cluster_wanted_filter(&it->wanted, search->verifier.contract20, &filter);
    if (!eth_logs_ask(search->rpc, &search->limits, &filter, *from, to, &answer, error)) {
        it->head = answer.head;
        *from = answer.next;
        take_entries(it, &answer, error);
    }
    eth_batch_free(&answer.batch);
    if (error->code) return error->code;
    return cluster_check_events(search->sdk, search->rpc, &search->verifier, it->head, &it->wanted, error);
}

/* ---- Where to look ---- */

static int search_range(state *it, uint64_t from, uint64_t to, base_error *error)
{
    while (it->wanted.open && from <= to)
        if (step(it, &from, to, error)) return error->code;
    return 0;
}

/* Roughly where a single step gets to the end from there, and well where it does not. */
static int locate(state *it, uint64_t since, uint64_t start, base_error *error)
{
    const cluster_search *search = it->search;
    bool one_step = start > search->block || search->block - start < eth_logs_reach(&search->limits);
    unsigned rounds = search->limits.blocks ? LOCATE_ROUNDS : 1;
    bool known = it->located_time == since && it->located_rounds >= rounds;
    if (known || (one_step && it->located_rounds)) return 0;
    it->located_time = since;
    it->located_rounds = rounds;
    return cluster_locate(search->sdk, search->rpc, search->block, since, rounds, &it->located, error);
}

/* The first block to be searched for whoever is still looked for, not before `at`. */
static int find_start(state *it, uint64_t at, uint64_t *start, base_error *error)
{
    uint64_t searched = UINT64_MAX, since = UINT64_MAX;
    for (size_t i = 0; i < it->wanted.count; i++) {
        const cluster_proof *proof = it->wanted.items[i].proof;
        if (!cluster_wanted_is_open(&it->wanted.items[i])) continue;
        if (proof->from < searched) searched = proof->from;
        if (proof->peer->record.registered_at < since) since = proof->peer->record.registered_at;
    }
    *start = searched > at ? searched : at;
    if (locate(it, since, *start, error)) return error->code;
    if (since == it->located_time && it->located > *start) *start = it->located;
    return 0;
}

static void note_progress(state *it, uint64_t next)
{
    for (size_t i = 0; i < it->wanted.count; i++)
        if (it->wanted.items[i].proof->from < next) it->wanted.items[i].proof->from = next;
}

static int search_all(state *it, base_error *error)
{
    uint64_t at = 0, block = it->search->block;
    while (it->wanted.open && at <= block) {
        if (find_start(it, at, &at, error)) return error->code;
        if (at > block) return 0;
        if (step(it, &at, block, error)) return error->code;
        note_progress(it, at);
    }
    return 0;
}

static int search_recent(state *it, base_error *error)
{
    uint64_t block = it->search->block, known = it->search->known;
    uint64_t from = known < block ? known : block;
    if (!known || block - from > RECENT_BLOCKS) return 0;
    return search_range(it, from > RECENT_SLACK ? from - RECENT_SLACK : 0, block, error);
}

/* The first page of a list may be of a later block than the list says: see cluster/pages.h. */
static int search_later(state *it, base_error *error)
{
    return it->head > it->search->block ? search_range(it, it->search->block + 1, it->head, error) : 0;
}

int cluster_search_evidence(cluster_search *search, cluster_proof *proofs, size_t count, base_error *error)
{
    state it = {.search = search, .first_trip = eth_rpc_round_trips(search->rpc), .start_ms = search->now_ms};
    if (!cluster_wanted_collect(&it.wanted, proofs, count, search->now_ms))
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    it.wanted.judged = search->judged;
    it.wanted.judged_context = search->judged_context;
    if (!error->code && !search_recent(&it, error) && !search_all(&it, error)) search_later(&it, error);
    cluster_wanted_free(&it.wanted);
    return error->code;
}
