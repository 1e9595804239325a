/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_CONDITIONS_H
#define CLUSTER_CONDITIONS_H

#include "base/error.h"
#include "cluster/block.h"
#include "registry/membership.h"

struct cluster_session;

/**
 * Whether the contract holds what is wanted, with more than half of the lease left; for a withdrawal also
 * that no earlier registration of this handle can land any more.
 */
bool cluster_is_done(const dstack_p2p *sdk, const registry_state *state, const cluster_block *block,
                     const char *url);

/** The contract's conditions, checked before anything is spent: which one does not hold, and the remedy. */
int cluster_check_conditions(const struct cluster_session *session, const registry_state *state,
                             const char *url, base_error *error);

#endif
