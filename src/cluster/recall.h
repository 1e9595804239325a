/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_RECALL_H
#define CLUSTER_RECALL_H

#include "dstack_p2p.h"

/*
 * The monitor's last list over restarts, if there is a cache file.
 */

/** Publishes the list of an earlier run, with its age; what is wrong with the file is logged. */
void cluster_recall(dstack_p2p *sdk);

/** Saves the list where it is newer than the file, but not every time: unless `at_once`. */
void cluster_remember(dstack_p2p *sdk, bool at_once);

#endif
