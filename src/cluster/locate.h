/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LOCATE_H
#define CLUSTER_LOCATE_H

#include "cluster/sdk.h"

/**
 * A block before all those of a time, not far before: what is not known is narrowed down in `rounds`
 * exchanges at most, from the newest block `head` with its time. The first one finds it to a factor of four
 * of its distance, each later one narrows that to a sixteenth.
 */
int cluster_locate(dstack_p2p *sdk, eth_rpc *rpc, uint64_t head, uint64_t time, unsigned rounds,
                   uint64_t *block, base_error *error);

#endif
