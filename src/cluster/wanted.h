/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_WANTED_H
#define CLUSTER_WANTED_H

#include "cluster/proofs.h"

/** A peer whose evidence is looked for, and what was found. */
typedef struct cluster_wanted {
    uint8_t instance20[20], address20[20]; /**< as it is listed */
    cluster_proof *proof;
    registry_event *event; /**< names it so, and is to be checked; owned, NULL = none */
} cluster_wanted;

/** All of them, in the order of their instance ids. */
typedef struct cluster_wanted_set {
    cluster_wanted *items;
    size_t count;
    size_t open;              /**< those that nothing is proven of yet */
    cluster_judged_fn judged; /**< NULL = nobody */
    void *judged_context;
} cluster_wanted_set;

/** Whoever of the proofs is due; false = no memory. To be freed also then. */
bool cluster_wanted_collect(cluster_wanted_set *set, cluster_proof *proofs, size_t count, uint64_t now_ms);

void cluster_wanted_free(cluster_wanted_set *set);

bool cluster_wanted_is_open(const cluster_wanted *wanted);

/** Counts the open ones again. */
void cluster_wanted_count(cluster_wanted_set *set);

/** Asks for the registrations in a contract, of the open ones by name if they are few. */
void cluster_wanted_filter(const cluster_wanted_set *set, const uint8_t contract20[static 20],
                           eth_log_filter *filter);

/** Keeps an event that names an open one as it is listed, if that has none yet; false = no memory. */
bool cluster_wanted_take(cluster_wanted_set *set, const registry_event *event);

#endif
