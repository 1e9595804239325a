/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_DOCTOR_PROBE_H
#define CLI_NODE_DOCTOR_PROBE_H

#include "cli/node/doctor/doctor.h"
#include "net/url.h"

/** What one endpoint for calls says. */
typedef struct doctor_node {
    char shown[NET_URL_TEXT];
    base_error error;
    uint64_t chain_id, ms;
    cluster_block block;
    bool batches, sync;
} doctor_node;

/** Asks it by itself: in --rpc-timeout for each of two questions. `error` says what went wrong. */
void doctor_probe(const doctor *self, const char *url, doctor_node *it);

#endif
