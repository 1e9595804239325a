/* SPDX-License-Identifier: MIT */
#include "cluster/renewal.h"

#include "base/clock.h"
#include "base/random.h"
#include "dstack_p2p.h"

enum {
    SPREAD_PERCENT = 15,    /* of the lease, after its half */
    RECHECK_MAX_MS = 5000,  /* after a try: it may have found nothing to do */
    LEASE_QUARTER_MS = 250, /* for each second */
    REPAIR_MIN_MS = 1000,
    REPAIR_MAX_MS = 30000,
    REPAIR_EACH_MS = 30, /* for each peer that was lost with it */
    BACKOFF_MIN_MS = 1000,
    BACKOFF_MAX_MS = 300000,
    RARE_MS = 300000 /* to twice that */
};

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Blocks come late, and readings may be of older ones still: the chain's clock goes on meanwhile. */
static uint64_t chain_now(const cluster_renewal *it, uint64_t now_ms)
{
    return it->standing.block_time + (now_ms - it->chain_ms) / 1000;
}

static void hear_time(cluster_renewal *it, uint64_t block_time, uint64_t now_ms)
{
    if (block_time <= chain_now(it, now_ms)) return;
    it->standing.block_time = block_time;
    it->chain_ms = now_ms;
}

/* By the chain's clock; never before half of the lease, when the contract is asked for nothing yet. */
static uint64_t renewal_time(const cluster_renewal *it)
{
    uint64_t lease = it->standing.lease;
    uint64_t spread = base_share(lease / 100 * SPREAD_PERCENT + lease % 100 * SPREAD_PERCENT / 100, it->dice);
    return it->standing.expires_at - base_sooner(lease / 2, it->standing.expires_at) + spread;
}

static uint64_t renewal_due(const cluster_renewal *it, uint64_t now_ms)
{
    if (!it->standing.expires_at || !it->standing.lease) return UINT64_MAX;
    uint64_t at = renewal_time(it), now = chain_now(it, now_ms);
    if (at <= now) return later(now_ms, it->quiet_ms);
    return at - now > UINT64_MAX / 4000 ? UINT64_MAX : later(now_ms + (at - now) * 1000, it->quiet_ms);
}

/* A quarter of a short lease, which would run out otherwise: a renewal is due at half of it. */
static uint64_t recheck_ms(uint64_t lease)
{
    return lease && lease < RECHECK_MAX_MS / LEASE_QUARTER_MS ? lease * LEASE_QUARTER_MS : RECHECK_MAX_MS;
}

void cluster_renewal_stands(cluster_renewal *it, const cluster_standing *standing, uint64_t now_ms,
                            uint32_t dice)
{
    unsigned disputed = it->lost && !standing->sent ? it->disputed + 1 : 0;
    *it = (cluster_renewal){
        .wanted = true, .disputed = disputed, .standing = *standing, .chain_ms = now_ms, .dice = dice};
    it->quiet_ms = now_ms + recheck_ms(standing->lease);
    it->due_ms = renewal_due(it, now_ms);
}

bool cluster_renewal_is_firm(int code)
{
    switch (code) {
    case DSTACK_P2P_ERR_CONTRACT_ADDRESS:
    case DSTACK_P2P_ERR_CONNECTION_URL:
    case DSTACK_P2P_ERR_PRIVATE_KEY:
    case DSTACK_P2P_ERR_CONFIG:
    case DSTACK_P2P_ERR_NO_INSTANCE_ID:
    case DSTACK_P2P_ERR_KEY_CHAIN:
    case DSTACK_P2P_ERR_NO_KMS_SIGNATURE:
    case DSTACK_P2P_ERR_WRONG_CHAIN:
    case DSTACK_P2P_ERR_NO_CONTRACT:
    case DSTACK_P2P_ERR_OTHER_CONTRACT:
    case DSTACK_P2P_ERR_NO_NFT:
    case DSTACK_P2P_ERR_BANNED:
    case DSTACK_P2P_ERR_PAUSED:
    case DSTACK_P2P_ERR_APP_NOT_ALLOWED:
    case DSTACK_P2P_ERR_WRONG_KMS_ROOT:
    case DSTACK_P2P_ERR_URL_REFUSED:
    case DSTACK_P2P_ERR_REVERTED: /* each costs gas */
    case DSTACK_P2P_ERR_SPEND_CEILING:
        return true;
    default:
        return false;
    }
}

/* After 1 s, 2 s, 4 s and so on, or up to half of that earlier. */
static uint64_t backoff_ms(unsigned doublings, uint32_t dice)
{
    uint64_t pause = base_sooner((uint64_t)BACKOFF_MIN_MS << base_sooner(doublings, 20), BACKOFF_MAX_MS);
    return pause / 2 + base_share(pause / 2, dice);
}

void cluster_renewal_failed(cluster_renewal *it, int code, uint64_t now_ms, uint32_t dice)
{
    if (code == DSTACK_P2P_ERR_UNCONFIRMED && !it->wanted)
        *it = (cluster_renewal){.wanted = true, .lost = true, .chain_ms = now_ms, .dice = dice};
    if (!it->wanted || code == DSTACK_P2P_ERR_CANCELLED) return;
    it->code = code;
    if (cluster_renewal_is_firm(code)) {
        it->due_ms = now_ms + RARE_MS + base_share(RARE_MS, dice);
        return;
    }
    it->due_ms = now_ms + backoff_ms(it->failures++, dice);
}

/* Others may have lost theirs as well: the more, the longer it takes until all have asked for it again. A
 * reading that leaves us out while the contract does not is no reason to ask all the time. */
static void notice_loss(cluster_renewal *it, uint64_t lost, uint64_t now_ms, uint32_t dice)
{
    uint64_t most =
        base_sooner(later(base_sooner(lost, REPAIR_MAX_MS) * REPAIR_EACH_MS, REPAIR_MIN_MS), REPAIR_MAX_MS);
    uint64_t pause = it->disputed ? backoff_ms(it->disputed, dice) : base_share(most, dice);
    if (it->lost) return;
    it->lost = true;
    if (!it->code) it->due_ms = base_sooner(it->due_ms, now_ms + pause);
}

static void notice_listing(cluster_renewal *it, const cluster_notice *notice, uint64_t now_ms, uint32_t dice)
{
    it->disputed = 0;
    if (!it->lost && notice->expires_at == it->standing.expires_at) return;
    it->lost = false;
    it->code = 0;
    it->failures = 0;
    it->dice = dice;
    it->standing.expires_at = notice->expires_at;
    if (!it->standing.lease && notice->expires_at > notice->block_time)
        it->standing.lease = notice->expires_at - notice->block_time;
    it->due_ms = renewal_due(it, now_ms);
}

/* From before the registration, or the last renewal, which changes no version. Or from another chain, that
 * knows nothing of us; or another process publishes another URL for this instance, and two in haste would
 * only overtake each other: to be looked at. */
static void notice_older(cluster_renewal *it, bool listed, uint64_t now_ms, uint32_t dice)
{
    if (!listed) it->due_ms = base_sooner(it->due_ms, now_ms + RARE_MS + base_share(RARE_MS, dice));
}

void cluster_renewal_notice(cluster_renewal *it, const cluster_notice *notice, uint64_t now_ms, uint32_t dice)
{
    if (!it->wanted) return;
    hear_time(it, notice->block_time, now_ms);
    if (notice->read_at < it->standing.block_number || notice->moved)
        notice_older(it, notice->listed, now_ms, dice);
    else if (notice->listed)
        notice_listing(it, notice, now_ms, dice);
    else
        notice_loss(it, notice->lost, now_ms, dice);
    if (!it->code && !it->lost) it->due_ms = base_sooner(it->due_ms, renewal_due(it, now_ms));
}

void cluster_renewal_end(cluster_renewal *it)
{
    *it = (cluster_renewal){.due_ms = UINT64_MAX};
}

uint64_t cluster_renewal_wait(const cluster_renewal *it, uint64_t now_ms)
{
    if (!it->wanted || it->due_ms == UINT64_MAX) return UINT64_MAX;
    return it->due_ms > now_ms ? it->due_ms - now_ms : 0;
}
