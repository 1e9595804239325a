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
    size_t version; /**< of the ledger's transaction */
} cluster_receipt;

/** Asks for the receipts of all versions of the ledger's transaction; the first one's index in the batch. */
size_t cluster_ask_receipts(eth_batch *batch, const cluster_ledger *ledger);

/** Reads the answers, of which at most one is about a transaction that was mined. */
int cluster_read_receipts(const eth_batch *batch, size_t first, const cluster_ledger *ledger,
                          cluster_receipt *receipt, base_error *error);

/**
 * Reads the receipt of a version of the ledger's transaction: it must be that one's, and cost no more than
 * was offered. RPC_ANSWER otherwise. JSON null is "not mined".
 */
int cluster_read_receipt(const json_t *json, const cluster_ledger *ledger, size_t version,
                         cluster_receipt *receipt, base_error *error);

/** The same for any transaction with this hash, signed with these fees. */
int cluster_read_receipt_of(const json_t *json, const uint8_t hash32[static 32], const cluster_fees *fees,
                            cluster_receipt *receipt, base_error *error);

#endif
