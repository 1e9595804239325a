/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_JOURNAL_H
#define CLUSTER_JOURNAL_H

#include "cluster/ledger.h"

/*
 * A ledger as a record of bytes, for a file that outlives the process. It holds no secret: the transaction
 * in it is signed, and was or is about to be public.
 *
 * Time is the wall clock's in it, as no other lasts. One that jumps back keeps the day's spending in force
 * for up to a day longer; one that jumps a day forward ends that day, once.
 */

enum { CLUSTER_JOURNAL_MAX = 8192 };

/** Whose ledger it is. */
typedef struct cluster_journal_owner {
    uint64_t chain_id;
    uint8_t contract20[20], payer20[20], instance20[20];
} cluster_journal_owner;

/** The time by both clocks. */
typedef struct cluster_journal_time {
    uint64_t monotonic_ms, wall_ms;
} cluster_journal_time;

/** Appends the record. */
void cluster_journal_write(base_buf *out, const cluster_journal_owner *owner, const cluster_ledger *ledger,
                           const cluster_journal_time *now);

/** Reads a record; what is wrong with it, or NULL. `ledger` is only changed by a good one. */
const char *cluster_journal_read(const void *data, size_t len, const cluster_journal_owner *owner,
                                 const cluster_journal_time *now, cluster_ledger *ledger);

#endif
