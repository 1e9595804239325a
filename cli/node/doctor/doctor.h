/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_DOCTOR_H
#define CLI_NODE_DOCTOR_H

#include "cli/node/own_url.h"
#include "cluster/look.h"

/*
 * What keeps a node from being a peer: one check after the other, each bounded in time, each with a finding.
 * A check that needs what an earlier one has not found is skipped, and says so.
 */

typedef enum doctor_verdict { DOCTOR_GOOD, DOCTOR_WARNING, DOCTOR_BAD, DOCTOR_SKIPPED } doctor_verdict;

typedef struct doctor {
    const cli_run *run;
    dstack_p2p *sdk;
    node_url url;
    char url_text[NODE_URL_TEXT]; /**< "" = none */
    bool utf8, coloured;
    bool failed; /**< something that is needed does not hold */
    json_t *findings;

    /* What is known by now. */
    bool has_instance; /**< sdk->identity is complete */
    bool has_chain;    /**< a node can be asked, and it is on the right chain */
    bool has_contract; /**< a DstackMembershipNFT answers */
    bool has_state;    /**< `seen` holds what it says of this node */
    uint64_t chain_id;
    cluster_block block; /**< the newest of all nodes */
    cluster_view seen;
} doctor;

/** Adds a finding: the check's name, what was found, and for BAD and WARNING what to do about it, a sentence.
 * It is shown at once, unless the output is JSON. */
void doctor_find(doctor *self, const char *check, doctor_verdict verdict, const char *remedy,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Why nothing can be said about this node's standing: which earlier check has failed. NULL when it can be
 * said. */
const char *doctor_missing(const doctor *self);

/** The checks, in their order. */
void doctor_check_guest(doctor *self);
void doctor_check_machine(doctor *self);
void doctor_check_nodes(doctor *self);
void doctor_check_contract(doctor *self);
void doctor_check_gas(doctor *self);
void doctor_check_url(doctor *self);
void doctor_check_peers(doctor *self);

#endif
