/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_EVIDENCE_H
#define CLUSTER_EVIDENCE_H

#include "cluster/list.h"
#include "eth/rpc.h"

/*
 * Nobody invents a peer: a list is what a node says, and of each new or changed peer in it the event that
 * registered it is fetched and checked against the KMS root that this node's own keys come from.
 */

/**
 * Before a list is read: finds out the KMS root, and with it who this node is, if that is wanted and not
 * known yet. A guest agent that is not there is not waited for, and after a failure not asked again for a
 * while. Fails only where evidence is required.
 */
int cluster_evidence_prepare(dstack_p2p *sdk, eth_rpc *rpc, base_error *error);

/**
 * After a list is read, and before anybody has it: takes out the peers whose evidence does not hold, and says
 * in the list that it was checked and how many were left out. Fails when the node does not answer what is
 * asked; what has been found by then is kept. Any thread, with a connection of its own.
 */
int cluster_evidence_check(dstack_p2p *sdk, eth_rpc *rpc, dstack_p2p_peers *list, base_error *error);

#endif
