/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_HINTS_H
#define CLUSTER_HINTS_H

#include "dstack_p2p.h"

/*
 * What the monitor's subscription says, and what follows from it for the next look: when it is, and what is
 * to be read then. See cluster/watch.h for the rest.
 */

/** Takes what has come, and looks after the subscription. After a silence whatever was missed is to be read.
 */
void cluster_hints_take(dstack_p2p *sdk);

/** After a look: gives up a subscription that says nothing of what happens, which is no use, alive or not. */
void cluster_hints_judge(dstack_p2p *sdk);

#endif
