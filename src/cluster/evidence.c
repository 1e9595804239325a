/* SPDX-License-Identifier: MIT */
#include "cluster/evidence.h"

#include "cluster/identity.h"
#include "cluster/sdk.h"
#include "cluster/search.h"
#include "guest/endpoint.h"

#include <string.h>

enum { ROOT_PAUSE_MS = 10000, ROOT_PAUSE_MAX_MS = 160000, TOLD_MAX = 16 };

/* ---- The root ---- */

static const uint8_t *known_root(const dstack_p2p *sdk)
{
    if (sdk->config.has_kms_root) return sdk->config.kms_root20;
    return sdk->has_identity ? sdk->identity.kms_root20 : NULL;
}

static int identify(dstack_p2p *sdk, int cancel_fd, base_error *error)
{
    if (!guest_endpoint_exists(sdk->config.guest_endpoint))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "there is no guest agent's socket");
    return cluster_identify_at_once(sdk, cancel_fd, error);
}

/* Not long after a failure the answer would be the same. */
static bool is_time(cluster_proofs *proofs, uint64_t now, base_error *problem)
{
    pthread_mutex_lock(&proofs->lock);
    bool due = now >= proofs->ask_root_ms;
    if (due) {
        uint32_t pause = proofs->root_pause_ms ? proofs->root_pause_ms * 2 : ROOT_PAUSE_MS;
        proofs->root_pause_ms = pause < ROOT_PAUSE_MAX_MS ? pause : ROOT_PAUSE_MAX_MS;
        proofs->ask_root_ms = now + proofs->root_pause_ms;
    } else {
        *problem = proofs->root_problem;
    }
    pthread_mutex_unlock(&proofs->lock);
    return due;
}

/* Told once. */
static void note_unknown_root(dstack_p2p *sdk, const base_error *problem)
{
    pthread_mutex_lock(&sdk->proofs.lock);
    bool told = sdk->proofs.told_unchecked;
    sdk->proofs.root_problem = *problem;
    sdk->proofs.told_unchecked = true;
    pthread_mutex_unlock(&sdk->proofs.lock);
    dstack_p2p_log_level level = sdk->config.guest_endpoint ? DSTACK_P2P_LOG_WARNING : DSTACK_P2P_LOG_INFO;
    if (!told && sdk->config.evidence == DSTACK_P2P_EVIDENCE_AUTO)
        base_log_write(&sdk->config.log, level,
                       "peers are listed as the node says, not checked: the KMS root is not known (%s)",
                       problem->text);
}

int cluster_evidence_prepare(dstack_p2p *sdk, eth_rpc *rpc, base_error *error)
{
    base_error problem = {0};
    if (sdk->config.evidence == DSTACK_P2P_EVIDENCE_OFF || known_root(sdk)) return 0;
    if (is_time(&sdk->proofs, base_now_ms(sdk->clock), &problem) &&
        !identify(sdk, eth_rpc_cancel_fd(rpc), &problem))
        return 0;
    note_unknown_root(sdk, &problem);
    if (sdk->config.evidence == DSTACK_P2P_EVIDENCE_REQUIRED)
        return base_fail(error, problem.code, "peers cannot be checked without the KMS root: %s",
                         problem.text);
    return 0;
}

/* ---- The peers ---- */

static cluster_search make_search(dstack_p2p *sdk, eth_rpc *rpc, const uint8_t *root20, uint64_t block)
{
    cluster_search search = {.sdk = sdk, .rpc = rpc, .block = block, .now_ms = base_now_ms(sdk->clock)};
    search.verifier.chain_id = atomic_load(&sdk->chain_id);
    memcpy(search.verifier.contract20, sdk->config.contract20, 20);
    memcpy(search.verifier.kms_root20, root20, 20);
    search.verifier.app_ids20 = (const uint8_t(*)[20])sdk->config.app_ids20;
    search.verifier.app_count = sdk->config.app_count;
    pthread_mutex_lock(&sdk->proofs.lock);
    search.limits = sdk->proofs.limits;
    search.known = sdk->proofs.block;
    pthread_mutex_unlock(&sdk->proofs.lock);
    return search;
}

static void note_search(dstack_p2p *sdk, const cluster_search *search, bool whole)
{
    pthread_mutex_lock(&sdk->proofs.lock);
    sdk->proofs.limits = search->limits;
    if (whole) sdk->proofs.block = search->block;
    pthread_mutex_unlock(&sdk->proofs.lock);
}

static void judge_all(cluster_proof *proofs, size_t count, uint64_t now)
{
    for (size_t i = 0; i < count; i++)
        if (cluster_proof_is_due(&proofs[i], now)) cluster_proof_fail(&proofs[i], now);
}

/* Each once, and of very many at a time only the first ones: a node can make up a million. */
static void tell_left_out(const dstack_p2p *sdk, cluster_proof *proofs, size_t count)
{
    size_t news = 0;
    for (size_t i = 0; i < count; i++) {
        if (proofs[i].state == CLUSTER_PROOF_HOLDS || proofs[i].told) continue;
        proofs[i].told = true;
        if (news++ < TOLD_MAX)
            base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "peer %s is left out: %s",
                           proofs[i].peer->instance_text, registry_verdict_text(proofs[i].verdict));
    }
    if (news > TOLD_MAX)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING, "%zu more peers are left out",
                       news - TOLD_MAX);
}

/* What is left stays in its order. */
static void leave_out(dstack_p2p_peers *list, const cluster_proof *proofs)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (proofs[i].state == CLUSTER_PROOF_HOLDS) list->peers[kept++] = list->peers[i];
    list->left_out = (uint32_t)(list->count - kept);
    list->count = kept;
    list->checked = true;
}

int cluster_evidence_check(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, base_error *error)
{
    const uint8_t *root20 = sdk->config.evidence == DSTACK_P2P_EVIDENCE_OFF ? NULL : known_root(sdk);
    size_t count = list->count;
    if (!root20) return 0;
    cluster_proof *proofs = cluster_proofs_recall(&sdk->proofs, list);
    if (!proofs) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    cluster_search search = make_search(sdk, rpc, root20, list->block_number);
    if (cluster_search_evidence(&search, proofs, count, error))
        base_error_context(error,
                           "checking the peers' evidence, for which a node must serve the contract's logs");
    note_search(sdk, &search, !error->code);
    if (!error->code) {
        judge_all(proofs, count, search.now_ms);
        tell_left_out(sdk, proofs, count);
        leave_out(list, proofs);
    }
    cluster_proofs_keep(&sdk->proofs, list, proofs, count);
    return error->code;
}
