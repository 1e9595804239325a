/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_TOUCHED_H
#define CLUSTER_TOUCHED_H

#include "registry/events.h"

#include <stddef.h>

/*
 * The instances that log entries say something happened to, so that these can be read again instead of all.
 * That is enough as long as the entries account for each step of the membership version.
 */

enum { CLUSTER_TOUCHED_MAX = 16 };

/** All zero: none. */
typedef struct cluster_touched {
    uint8_t instances[CLUSTER_TOUCHED_MAX][20];
    uint64_t versions[CLUSTER_TOUCHED_MAX]; /**< that the entries moved the membership to, each once */
    size_t count, version_count;
    bool everything; /**< something happened that is not told by instances, or too much */
} cluster_touched;

/** Adds an entry. */
void cluster_touched_add(cluster_touched *touched, const registry_event *event);

/** Whether reading these instances again brings a list from one version to the other. */
bool cluster_touched_covers(const cluster_touched *touched, uint64_t from, uint64_t to);

#endif
