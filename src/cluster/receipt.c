/* SPDX-License-Identifier: MIT */
#include "cluster/receipt.h"

#include "base/hex.h"
#include "eth/quantity.h"

#include <string.h>

enum { GAS_MIN = 21000 }; /* what every transaction uses */

/* What it cost. On the OP stack a fee for data on the parent chain comes on top, which no field of the
 * transaction bounds: it counts, but not for more than the rest could have. */
static eth_wei cost_of(const json_t *json, const cluster_receipt *receipt, eth_wei price, eth_wei most)
{
    eth_wei data_fee = 0;
    if (!eth_quantity_wei(json_object_get(json, "l1Fee"), &data_fee)) data_fee = 0;
    return eth_wei_add(eth_wei_mul(price, receipt->gas_used), data_fee < most ? data_fee : most);
}

size_t cluster_ask_receipts(eth_batch *batch, const cluster_ledger *ledger)
{
    size_t first = batch->count;
    for (size_t i = 0; i < ledger->versions; i++) {
        char hash[65];
        base_hex_encode(ledger->hashes32[i], 32, hash);
        eth_batch_add(batch, "eth_getTransactionReceipt", "[\"0x%s\"]", hash);
    }
    return first;
}

int cluster_read_receipts(const eth_batch *batch, size_t first, const cluster_ledger *ledger,
                          cluster_receipt *receipt, base_error *error)
{
    memset(receipt, 0, sizeof *receipt);
    for (size_t i = 0; i < ledger->versions && !receipt->mined; i++) {
        const eth_request *answer = &batch->requests[first + i];
        if (eth_request_check(answer, error) ||
            cluster_read_receipt(answer->result, ledger, i, receipt, error))
            return error->code;
    }
    return 0;
}

int cluster_read_receipt_of(const json_t *json, const uint8_t hash32[static 32], const cluster_fees *fees,
                            cluster_receipt *receipt, base_error *error)
{
    uint8_t hash[32];
    uint64_t status;
    eth_wei price;
    *receipt = (cluster_receipt){0};
    if (json_is_null(json)) return 0;
    if (!eth_data_fixed(json_object_get(json, "transactionHash"), hash, 32) ||
        memcmp(hash, hash32, 32) != 0 || !eth_quantity_u64(json_object_get(json, "status"), &status) ||
        status > 1 || !eth_quantity_u64(json_object_get(json, "blockNumber"), &receipt->block_number) ||
        !eth_quantity_u64(json_object_get(json, "gasUsed"), &receipt->gas_used) ||
        receipt->gas_used < GAS_MIN || receipt->gas_used > fees->gas_limit ||
        !eth_quantity_wei(json_object_get(json, "effectiveGasPrice"), &price) || price > fees->max_fee)
        return base_fail(
            error, DSTACK_P2P_ERR_RPC_ANSWER,
            "the node's receipt is malformed, another transaction's, or costs more than was offered");
    receipt->mined = true;
    receipt->succeeded = status == 1;
    receipt->cost = cost_of(json, receipt, price, fees->most);
    return 0;
}

int cluster_read_receipt(const json_t *json, const cluster_ledger *ledger, size_t version,
                         cluster_receipt *receipt, base_error *error)
{
    cluster_read_receipt_of(json, ledger->hashes32[version], &ledger->fees, receipt, error);
    receipt->version = version;
    return error->code;
}
