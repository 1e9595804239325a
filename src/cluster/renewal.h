/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_RENEWAL_H
#define CLUSTER_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When to see to a registration that is to be kept up. No clock and no randomness of its own: `now_ms` is the
 * monotonic clock's, `dice` is a fresh random number. Times without a unit are seconds of the chain's clock.
 *
 * A lease is renewed when it is half over, or up to 15 % of it later: nodes that came together do not renew
 * together. A lost registration is made again within a second, or, if many were lost with it, within up to
 * 30 s. What fails is tried again after 1 s, doubling up to 5 minutes; what only somebody else can repair is
 * looked at every 5 to 10 minutes.
 */

/** What a call that registers has seen last. */
typedef struct cluster_standing {
    uint64_t block_number, block_time;
    uint64_t expires_at; /**< 0 = never */
    uint64_t lease;      /**< that the contract gives now; 0 = none */
    bool sent;           /**< a transaction was needed for it */
} cluster_standing;

/** What a reading of the peers says. */
typedef struct cluster_notice {
    bool listed;         /**< with the URL that it is to have */
    uint64_t expires_at; /**< 0 = never */
    uint64_t read_at;    /**< block that these two were read at */
    uint64_t block_time; /**< of the latest block, which may be a later one */
    uint64_t lost;       /**< so many peers less than in the reading before */
    bool moved;          /**< it is listed with another URL: another process has this instance, too */
} cluster_notice;

typedef struct cluster_renewal {
    bool wanted; /**< it is to be kept up */
    bool lost;   /**< it is not listed */
    int code;    /**< of the last try */
    unsigned failures;
    unsigned disputed; /**< how often in a row a loss turned out to be none */
    uint64_t due_ms;   /**< when to try; UINT64_MAX = not */

    cluster_standing standing; /**< what is read of an earlier block says nothing */
    uint64_t quiet_ms;         /**< no renewal before: it was just seen that none is due */
    uint64_t chain_ms;         /**< when standing.block_time was the chain's time */
    uint32_t dice;             /**< of this lease */
} cluster_renewal;

/** It is registered, and to be kept up from now on. */
void cluster_renewal_stands(cluster_renewal *it, const cluster_standing *standing, uint64_t now_ms,
                            uint32_t dice);

/** A try has failed; the first one, by the application, makes it wanted if a transaction is on its way. */
void cluster_renewal_failed(cluster_renewal *it, int code, uint64_t now_ms, uint32_t dice);

/** The peers were read. */
void cluster_renewal_notice(cluster_renewal *it, const cluster_notice *notice, uint64_t now_ms,
                            uint32_t dice);

/** It is not to be kept up any longer. */
void cluster_renewal_end(cluster_renewal *it);

/** Milliseconds until the next try; UINT64_MAX = none is due. */
uint64_t cluster_renewal_wait(const cluster_renewal *it, uint64_t now_ms);

/** Whether trying again soon cannot help: the owner, or the operator, has to do something. */
bool cluster_renewal_is_firm(int code);

#endif
