/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PUBLISH_H
#define CLUSTER_PUBLISH_H

#include "base/error.h"
#include "dstack_p2p.h"

/*
 * How the monitor's thread hands out what it has read.
 */

/**
 * Takes over a list and tells its changes. It is in place before anybody hears of it, so that a callback and
 * a status call agree.
 */
int cluster_publish(dstack_p2p *sdk, dstack_p2p_peers *list, base_error *error);

/** Records how a reading went, at which block. */
void cluster_publish_outcome(dstack_p2p *sdk, const base_error *error);

/** Records how changes are noticed. */
void cluster_publish_transport(dstack_p2p *sdk, const char *transport);

#endif
