/* SPDX-License-Identifier: MIT */
#include "cli/verify/collect.h"

#include "base/hex.h"
#include "cluster/peers.h"
#include "cluster/search.h"
#include "eth/key.h"
#include "registry/contract_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An audit of a contract, by the same search that the library does for its own lists. */

typedef struct collecting {
    const cli_run *run;
    cli_audit *audit;
    cluster_proof *proofs; /* one for each peer, in their order */
    size_t seen;           /* peers with an event */
} collecting;

int cli_contract_root(dstack_p2p *sdk, uint8_t root20[static 20], base_error *error)
{
    eth_batch batch;
    eth_rpc *rpc = cluster_need_contract(sdk, error) ? NULL : cluster_rpc(sdk, error);
    if (!rpc) return error->code;
    eth_rpc_begin(&batch);
    size_t index = registry_ask_view(&batch, sdk->config.contract20, CONTRACT_SEL_KMS_ROOT_ADDRESS, NULL, 0,
                                     sdk->config.block);
    if (!cluster_exchange(sdk, rpc, &batch, error))
        registry_read_address(&batch.requests[index], root20, error);
    eth_batch_free(&batch);
    return cluster_name_contract(sdk, error);
}

static void show_progress(const collecting *it)
{
    if (it->run->json || !cli_is_terminal(STDERR_FILENO) || it->seen % 64 != 0) return;
    fprintf(stderr, "\rchecking %zu of %zu peers", it->seen, it->audit->count);
}

/* A later one that fails does not replace one that holds: nobody is looked for who has one. */
static void keep(void *context, const cluster_proof *proof, const registry_event *event,
                 const uint8_t *anchor_hash32)
{
    collecting *it = context;
    cli_audit_peer *peer = &it->audit->peers[proof - it->proofs];
    it->seen += !peer->has_event;
    peer->event = *event;
    peer->has_event = true;
    peer->has_anchor = anchor_hash32 && registry_event_anchor(event) <= INT64_MAX;
    if (peer->has_anchor) memcpy(peer->anchor_hash32, anchor_hash32, 32);
    show_progress(it);
}

/* ---- The search ---- */

/* How far it is: the peers that nothing is proven of, and the blocks searched for them. */
typedef struct mark {
    size_t open;
    uint64_t blocks;
} mark;

static mark measure(const cluster_proof *proofs, size_t count)
{
    mark now = {0};
    for (size_t i = 0; i < count; i++) {
        now.open += proofs[i].state != CLUSTER_PROOF_HOLDS;
        now.blocks += proofs[i].state != CLUSTER_PROOF_HOLDS ? proofs[i].from : 0;
    }
    return now;
}

/* One search ends after a minute, or after so many questions: the next one goes on where it has come to. */
static int search_all(cluster_search *search, cluster_proof *proofs, size_t count, base_error *error)
{
    mark before;
    do {
        before = measure(proofs, count);
        base_error_clear(error);
        search->now_ms = base_now_ms(search->sdk->clock);
        cluster_search_evidence(search, proofs, count, error);
        mark now = measure(proofs, count);
        if (now.open >= before.open && now.blocks <= before.blocks) break;
    } while (error->code == DSTACK_P2P_ERR_RPC_ERROR && !cli_interrupted());
    return error->code;
}

static int find_evidence(collecting *it, dstack_p2p *sdk, eth_rpc *rpc, base_error *error)
{
    cli_audit *audit = it->audit;
    cluster_search search = {.sdk = sdk, .rpc = rpc, .block = audit->block_number};
    search.verifier.chain_id = audit->chain_id;
    memcpy(search.verifier.contract20, audit->contract20, 20);
    memcpy(search.verifier.kms_root20, audit->kms_root20, 20);
    search.verifier.app_ids20 = (const uint8_t(*)[20])audit->app_ids20;
    search.verifier.app_count = audit->app_count;
    search.judged = keep;
    search.judged_context = it;
    if (search_all(&search, it->proofs, audit->count, error))
        base_error_context(error, "looking for the peers' evidence, for which a node must serve the "
                                  "contract's logs");
    return error->code;
}

/* ---- All of it ---- */

static bool take_list(collecting *it, const dstack_p2p_peers *list)
{
    cli_audit *audit = it->audit;
    audit->peers = calloc(list->count ? list->count : 1, sizeof *audit->peers);
    it->proofs = calloc(list->count ? list->count : 1, sizeof *it->proofs);
    if (!audit->peers || !it->proofs) return false;
    for (; audit->count < list->count; audit->count++) {
        const cluster_peer *listed = list->peers[audit->count];
        cli_audit_peer *peer = &audit->peers[audit->count];
        it->proofs[audit->count].peer = listed;
        base_hex_decode(listed->instance_text, 40, peer->event.instance20, 20);
        eth_address_parse(listed->address_text, peer->event.address20);
        snprintf(peer->event.url, sizeof peer->event.url, "%s", listed->record.connection_url);
        peer->registered_at = listed->record.registered_at;
        peer->expires_at = listed->record.expires_at;
    }
    return true;
}

static void describe(cli_audit *audit, const dstack_p2p *sdk, const dstack_p2p_peers *list)
{
    audit->chain_id = atomic_load(&sdk->chain_id);
    memcpy(audit->contract20, sdk->config.contract20, 20);
    audit->app_count = sdk->config.app_count;
    memcpy(audit->app_ids20, sdk->config.app_ids20, sizeof audit->app_ids20);
    audit->block_number = list->block_number;
    audit->block_time = list->block_time;
    memcpy(audit->block_hash32, list->block_hash32, 32);
}

static int collect(collecting *it, dstack_p2p *sdk, const dstack_p2p_peers *list, base_error *error)
{
    describe(it->audit, sdk, list);
    if (!take_list(it, list))
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (it->audit->count && !find_evidence(it, sdk, cluster_rpc(sdk, error), error))
        cli_audit_judge(it->audit);
    free(it->proofs);
    if (it->seen && !it->run->json && cli_is_terminal(STDERR_FILENO)) fputs("\r\033[K", stderr);
    return error->code;
}

int cli_audit_collect(const cli_run *run, dstack_p2p *sdk, cli_audit *audit, base_error *error)
{
    collecting it = {.run = run, .audit = audit};
    eth_rpc *rpc = cluster_need_contract(sdk, error) ? NULL : cluster_rpc(sdk, error);
    if (!rpc || cli_contract_root(sdk, audit->contract_root20, error)) return error->code;
    dstack_p2p_peers *list = cluster_read_peers(sdk, rpc, &sdk->paging, error);
    if (list) collect(&it, sdk, list, error);
    dstack_p2p_peers_free(list);
    return error->code;
}
