/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_RECEIPT_H
#define CLUSTER_RECEIPT_H

#include "cluster/ledger.h"

#include <jansson.h>

/** What became of a transaction. */
typedef struct cluster_receipt {
    bool mined, succeeded;
    uint64_t block_number, gas_used;
    eth_wei cost;
} cluster_receipt;

/** Asks for the receipt of the ledger's transaction; its index in the batch. */
size_t cluster_ask_receipt(eth_batch *batch, const cluster_ledger *ledger);

/**
 * Reads the receipt of the ledger's transaction: it must be that one's, and cost no more than was offered.
 * RPC_ANSWER otherwise. JSON null is "not mined".
 */
int cluster_read_receipt(const json_t *json, const cluster_ledger *ledger, cluster_receipt *receipt,
                         base_error *error);

#endif
