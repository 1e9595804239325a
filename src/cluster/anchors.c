/* SPDX-License-Identifier: MIT */
#include "cluster/anchors.h"

#include "cluster/block.h"

#include <stdlib.h>

/* A block names its transactions, up to some thousand, in 70 bytes each. */
enum { BLOCKS_AT_ONCE = ETH_BATCH_MAX - 1 };

/* An event and its anchor, ordered by that. */
typedef struct anchored {
    uint64_t anchor;
    cluster_wanted *wanted;
} anchored;

typedef struct state {
    dstack_p2p *sdk;
    eth_rpc *rpc;
    registry_verifier *verifier;
    const cluster_wanted_set *set;
    anchored *events;
    size_t count, next, at_once;
} state;

static int by_anchor(const void *a, const void *b)
{
    const anchored *left = a, *right = b;
    return (left->anchor > right->anchor) - (left->anchor < right->anchor);
}

/* `hash32` is the anchor block's; NULL when there is none. */
static void settle(const state *it, cluster_wanted *wanted, registry_verdict verdict, uint64_t anchor,
                   const uint8_t *hash32)
{
    cluster_proof *proof = wanted->proof;
    proof->verdict = verdict;
    if (verdict == REGISTRY_PROVEN) {
        proof->state = CLUSTER_PROOF_HOLDS;
        proof->anchor = anchor;
        proof->failures = 0;
    }
    if (it->set->judged) it->set->judged(it->set->judged_context, proof, wanted->event, hash32);
    free(wanted->event);
    wanted->event = NULL;
}

/* A block that is not there yet need not be asked for. */
static bool collect(state *it, const cluster_wanted_set *set, uint64_t head)
{
    it->events = malloc((set->count ? set->count : 1) * sizeof *it->events);
    if (!it->events) return false;
    for (size_t i = 0; i < set->count; i++) {
        cluster_wanted *wanted = &set->items[i];
        if (!wanted->event) continue;
        uint64_t anchor = registry_event_anchor(wanted->event);
        if (anchor > head)
            settle(it, wanted, REGISTRY_NO_ANCHOR, anchor, NULL);
        else
            it->events[it->count++] = (anchored){anchor, wanted};
    }
    qsort(it->events, it->count, sizeof *it->events, by_anchor);
    return true;
}

/* Asks for the next anchors; the event after them. */
static size_t fill(const state *it, eth_batch *batch)
{
    size_t at = it->next, asked = 0;
    eth_rpc_begin(batch);
    for (; at < it->count; at++) {
        uint64_t anchor = it->events[at].anchor;
        if (at > it->next && anchor == it->events[at - 1].anchor) continue;
        if (asked++ == it->at_once) break;
        cluster_ask_block_at(batch, anchor);
    }
    return at;
}

static int check_one(state *it, const anchored *event, const eth_request *answer, base_error *error)
{
    cluster_block block;
    if (json_is_null(answer->result)) {
        settle(it, event->wanted, REGISTRY_NO_ANCHOR, event->anchor, NULL);
        return 0;
    }
    if (cluster_read_block(answer, &block, error)) return error->code;
    registry_verdict verdict = registry_verify(it->verifier, event->wanted->event, block.hash32);
    settle(it, event->wanted, verdict, event->anchor, block.hash32);
    return 0;
}

static int check_answers(state *it, const eth_batch *batch, size_t end, base_error *error)
{
    size_t answer = 0; /* of the chain id */
    for (size_t at = it->next; at < end; at++) {
        if (at == it->next || it->events[at].anchor != it->events[at - 1].anchor) answer++;
        if (check_one(it, &it->events[at], &batch->requests[answer], error)) return error->code;
    }
    it->next = end;
    return 0;
}

static int exchange(state *it, base_error *error)
{
    eth_batch batch;
    size_t end = fill(it, &batch);
    if (!cluster_exchange(it->sdk, it->rpc, &batch, error)) {
        check_answers(it, &batch, end, error);
    } else if ((batch.too_large || eth_rpc_was_too_much(it->rpc)) && it->at_once > 1) {
        it->at_once /= 2;
        base_error_clear(error);
    }
    eth_batch_free(&batch);
    return error->code;
}

int cluster_check_events(dstack_p2p *sdk, eth_rpc *rpc, registry_verifier *verifier, uint64_t head,
                         cluster_wanted_set *wanted, base_error *error)
{
    state it = {.sdk = sdk, .rpc = rpc, .verifier = verifier, .set = wanted, .at_once = BLOCKS_AT_ONCE};
    if (!collect(&it, wanted, head)) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    while (it.next < it.count)
        if (exchange(&it, error)) break;
    cluster_wanted_count(wanted);
    free(it.events);
    return error->code;
}
