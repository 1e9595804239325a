/* SPDX-License-Identifier: MIT */
#include "cluster/departures.h"

#include "base/hex.h"
#include "cluster/block.h"
#include "cluster/list.h"
#include "cluster/sdk.h"

#include <stdlib.h>
#include <string.h>

/* Peers asked for at a time; and beyond how many nobody else is asked, but three blocks are waited for. */
enum { ASKED_MAX = 16, MANY = 256 };

/* One that is missing. */
typedef struct missing {
    const dstack_p2p_peer *peer;
    uint64_t since;
    bool gone;
    bool disputed; /* another node, that is not behind, lists it */
} missing;

static uint64_t since_when(const cluster_departures *departures, const char *instance_id, uint64_t now)
{
    for (size_t i = 0; i < departures->count; i++)
        if (!strcmp(departures->held[i].instance_id, instance_id)) return departures->held[i].since;
    return now;
}

/* Those of `before` that are not in `list`; NULL when memory is exhausted. */
static missing *find_missing(const cluster_departures *departures, const dstack_p2p_peers *before,
                             const dstack_p2p_peers *list, size_t *count)
{
    missing *found = calloc(before->count + 1, sizeof *found);
    const dstack_p2p_peer **peers = cluster_list_by_instance(list);
    *count = 0;
    for (size_t i = 0; found && peers && i < before->count; i++) {
        const dstack_p2p_peer *peer = &before->peers[i]->record;
        if (bsearch(&peer, peers, list->count, sizeof *peers, cluster_compare_instances)) continue;
        uint64_t since = since_when(departures, peer->instance_id, list->block_number);
        found[(*count)++] = (missing){.peer = peer, .since = since};
    }
    if (!peers) {
        free(found);
        found = NULL;
    }
    free(peers);
    return found;
}

/* ---- The second opinion ---- */

/* One that has come back since has left before; one that has moved is not where it is kept. */
static void read_opinion(const eth_request *answer, bool behind, missing *one)
{
    registry_peer peer;
    char url[REGISTRY_URL_MAX + 1];
    base_error ignored = {0};
    if (registry_read_peer(answer, &peer, url, &ignored)) return;
    one->gone = !peer.url_len || peer.registered_at != one->peer->registered_at ||
                strcmp(url, one->peer->connection_url) != 0;
    one->disputed = !one->gone && !behind;
}

/* One that is older than the list before knows nothing of what came since, and one on another history, such
 * as a development chain that was started anew, nothing at all. */
static bool may_judge(const cluster_block *block, const eth_request *answers, const dstack_p2p_peers *before,
                      const dstack_p2p_peers *list)
{
    return block->number >= before->block_number && (cluster_is_block(&answers[0], before->block_hash32) ||
                                                     cluster_is_block(&answers[1], list->block_hash32));
}

/* Asks another node about some. */
static bool ask_elsewhere(dstack_p2p *sdk, eth_rpc *rpc, missing *some, size_t count,
                          const dstack_p2p_peers *before, const dstack_p2p_peers *list)
{
    eth_batch batch;
    size_t asked[ASKED_MAX];
    uint8_t id[20];
    cluster_block block;
    base_error problem = {0};
    eth_rpc_begin(&batch);
    size_t block_at = cluster_ask_block(&batch, sdk->config.block);
    size_t known_at = cluster_ask_block_at(&batch, before->block_number);
    cluster_ask_block_at(&batch, list->block_number);
    for (size_t i = 0; i < count; i++) {
        (void)base_hex_decode(some[i].peer->instance_id, 40, id, sizeof id);
        asked[i] = registry_ask_peer(&batch, sdk->config.contract20, id, sdk->config.block);
    }
    bool answered = !eth_rpc_send_elsewhere(rpc, &batch, &problem) &&
                    !cluster_read_block(&batch.requests[block_at], &block, &problem) &&
                    may_judge(&block, &batch.requests[known_at], before, list);
    for (size_t i = 0; answered && i < count; i++)
        read_opinion(&batch.requests[asked[i]], block.number < list->block_number, &some[i]);
    eth_batch_free(&batch);
    return answered;
}

static void seek_opinions(dstack_p2p *sdk, eth_rpc *rpc, missing *all, size_t count,
                          const dstack_p2p_peers *before, const dstack_p2p_peers *list)
{
    bool answered = count <= MANY;
    for (size_t i = 0; i < count && answered; i += ASKED_MAX) {
        size_t some = count - i < ASKED_MAX ? count - i : ASKED_MAX;
        answered = ask_elsewhere(sdk, rpc, all + i, some, before, list);
    }
}

/* A node that says so for three blocks is believed, also against another one: a peer that was revoked must
 * not stay because of a node that is stuck, or in league with it. */
static void count_blocks(const dstack_p2p *sdk, missing *all, size_t count, uint64_t block_number)
{
    for (size_t i = 0; i < count; i++) {
        if (all[i].gone || block_number < all[i].since + CLUSTER_DEPARTURE_BLOCKS) continue;
        all[i].gone = true;
        if (all[i].disputed)
            base_log_write(
                &sdk->config.log, DSTACK_P2P_LOG_WARNING,
                "peer %s has left: one node does not list it for %d blocks, another one still does",
                all[i].peer->instance_id, CLUSTER_DEPARTURE_BLOCKS);
    }
}

/* ---- What becomes of them ---- */

static void note(const dstack_p2p *sdk, const cluster_departures *departures, size_t count)
{
    if (count && !departures->count)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO,
                       "%zu peers are kept: one node alone does not list them any more", count);
}

static int hold(dstack_p2p *sdk, cluster_departures *departures, const missing *all, size_t count,
                const dstack_p2p_peers *before, dstack_p2p_peers *list, base_error *error)
{
    cluster_departure *held = calloc(count + 1, sizeof *held);
    size_t kept = 0;
    bool ok = held;
    for (size_t i = 0; ok && i < count; i++) {
        if (all[i].gone) continue;
        memcpy(held[kept].instance_id, all[i].peer->instance_id, sizeof held[kept].instance_id);
        held[kept++].since = all[i].since;
        ok = cluster_list_add_record(list, all[i].peer);
    }
    if (!ok) {
        free(held);
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory, or too many peers");
    }
    if (kept) list->checked &= before->checked;
    note(sdk, departures, kept);
    cluster_departures_free(departures);
    *departures = (cluster_departures){.held = held, .count = kept, .block_number = list->block_number};
    return cluster_list_finish(list, error);
}

int cluster_departures_judge(dstack_p2p *sdk, eth_rpc *rpc, cluster_departures *departures,
                             const dstack_p2p_peers *before, dstack_p2p_peers *list, base_error *error)
{
    size_t count;
    if (!before || eth_rpc_endpoints(rpc) < 2) {
        cluster_departures_free(departures);
        return 0;
    }
    missing *all = find_missing(departures, before, list, &count);
    if (!all) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    if (count) seek_opinions(sdk, rpc, all, count, before, list);
    count_blocks(sdk, all, count, list->block_number);
    hold(sdk, departures, all, count, before, list, error);
    free(all);
    return error->code;
}

void cluster_departures_free(cluster_departures *departures)
{
    free(departures->held);
    *departures = (cluster_departures){.held = NULL};
}
