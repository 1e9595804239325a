/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_PLAN_H
#define CLI_OWNER_PLAN_H

#include "cli/owner/argument.h"
#include "cli/owner/orders.h"

/*
 * What a deployment is to come to, by the rules of contracts/script/DeployDstackMembershipNFT.s.sol.
 */

enum { OWNER_DOMAINS_MAX = 32 };

typedef struct owner_plan {
    bool production;
    owner_argument kms_root, app; /**< `text` NULL = none */
    owner_argument domains[OWNER_DOMAINS_MAX];
    size_t domain_count;
    bool binds_urls, ends_dev_mode;
    uint64_t lease_seconds; /**< 0 = none */
    char *domain_texts;     /**< owned */
} owner_plan;

/** Reads it from the options, as far as that goes without the chain. 0, CLI_USAGE or NO_MEMORY. */
int owner_plan_read(const cli_run *run, owner_plan *plan);

/** What depends on the chain: the defaults of 31337, and what is required elsewhere. 0, or a status. */
int owner_plan_complete(const cli_run *run, dstack_p2p *sdk, owner_plan *plan);

void owner_plan_free(owner_plan *plan);

/** What the contract has already. */
typedef struct owner_progress {
    bool app_allowed, domains_allowed[OWNER_DOMAINS_MAX], bound_urls, dev_mode;
    uint64_t lease_seconds;
} owner_progress;

/**
 * The creation: code, and the root as its constructor's argument. Its gas is for the node to estimate.
 */
void owner_plan_create(const owner_plan *plan, owner_orders *orders);

/**
 * Adds what is missing, in the script's order. Gas is what was measured at a contract that was just created,
 * when `fresh`, since none can be estimated before there is one; otherwise it is for the node to estimate.
 */
void owner_plan_settle(const owner_plan *plan, const uint8_t contract20[static 20],
                       const owner_progress *progress, bool fresh, owner_orders *orders);

/** Gas for a year of renewals at half of the lease, of one node; 0 without a lease. */
uint64_t owner_plan_renewals(const owner_plan *plan);

#endif
