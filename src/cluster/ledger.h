/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_LEDGER_H
#define CLUSTER_LEDGER_H

#include "base/buf.h"
#include "cluster/fees.h"
#include "registry/statement.h"

enum {
    CLUSTER_STATEMENT_BLOCKS =
        256,                    /**< how long a statement can be used: the blocks a contract sees hashes of */
    CLUSTER_REPLACE_BLOCKS = 3, /**< after so many without it a transaction is replaced */
    CLUSTER_VERSIONS_MAX = 6,   /**< of a transaction: the first one and five that replace it */
    CLUSTER_RAW_MAX = 4096      /**< bytes of a signed transaction */
};

/** A signed transaction that is about to leave. */
typedef struct cluster_version {
    uint64_t nonce;
    cluster_fees fees;
    uint8_t hash32[32];
    uint64_t anchor;      /**< of the statement in it: the latest block's number when it was signed */
    const char *url;      /**< that it registers; "" withdraws */
    const base_buf *raw;  /**< at most CLUSTER_RAW_MAX bytes */
    const base_buf *data; /**< the call, as it stands in `raw` */
} cluster_version;

/**
 * What a node has spent, and the last transaction it signed. A node is not believed when it says that
 * it refused one: it could keep it. So each is booked with the most it can cost before it leaves, once per
 * nonce, and only a plausible receipt corrects that.
 */
typedef struct cluster_ledger {
    eth_wei spent;     /**< within the current 24 hours */
    uint64_t since_ms; /**< when they began, by the monotonic clock */
    bool has_period;

    bool live;  /**< the transaction may still be mined: its nonce is used again */
    bool raise; /**< the node has it and wants higher fees for a replacement */
    uint64_t nonce;
    cluster_fees fees; /**< the highest of all its versions */
    size_t versions;
    uint8_t hashes32[CLUSTER_VERSIONS_MAX][32]; /**< the latest one last */

    /* The latest version. */
    uint64_t anchor;
    char url[REGISTRY_URL_MAX + 1];
    size_t raw_len, data_at, data_len; /**< the call is a part of the transaction */
    uint8_t raw[CLUSTER_RAW_MAX];

    uint64_t open_anchor; /**< of the last registration signed, which anybody may still submit; 0 = none */
    uint64_t generation;  /**< of the journal that this was read from or written to; 0 = none */
} cluster_ledger;

/** What is to be done next for a URL to be registered. */
typedef enum cluster_step {
    CLUSTER_SEND,   /**< there is no live transaction: a first one */
    CLUSTER_RESUME, /**< the live one does it: make sure that the node has it, and wait */
    CLUSTER_REPLACE /**< another one with its nonce, and higher fees */
} cluster_step;

cluster_step cluster_ledger_step(const cluster_ledger *ledger, const char *url, uint64_t last_anchor,
                                 uint64_t block_number);

/** Whether the live transaction would do it, if it were mined soon. */
bool cluster_ledger_serves(const cluster_ledger *ledger, const char *url, uint64_t last_anchor,
                           uint64_t block_number);

/** What counts towards the ceiling now; begins a new period when one has passed. */
eth_wei cluster_ledger_spent(cluster_ledger *ledger, uint64_t now_ms);

/** What the next transaction would add to it. */
eth_wei cluster_ledger_added(const cluster_ledger *ledger, uint64_t nonce, eth_wei most);

/** Books a transaction that is about to leave: as another version of the live one if it has its nonce. */
void cluster_ledger_book(cluster_ledger *ledger, const cluster_version *version);

/** It was mined and cost this much. */
void cluster_ledger_settle(cluster_ledger *ledger, eth_wei cost);

/** Another transaction took its nonce: it stays booked. */
void cluster_ledger_forget(cluster_ledger *ledger);

/** The latest version's hash. */
const uint8_t *cluster_ledger_hash(const cluster_ledger *ledger);

#endif
