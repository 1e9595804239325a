/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_ORDERS_H
#define CLI_OWNER_ORDERS_H

#include "cli/spend.h"
#include "eth/abi.h"

/*
 * Transactions that are made one by one, quoted and confirmed together, and sent in one go.
 */

enum { OWNER_WHAT = 128, OWNER_INTENT = 512 };

typedef struct owner_orders {
    size_t count;
    cluster_order orders[CLUSTER_ORDERS_MAX];
    base_buf data[CLUSTER_ORDERS_MAX];
    char what[CLUSTER_ORDERS_MAX][OWNER_WHAT];
    cli_receipts receipts; /**< once they were quoted */
    bool overflow;         /**< more were added than there is room for */
} owner_orders;

/** Empty ones, to be freed with owner_orders_free(); NULL: no memory, which has been said. */
owner_orders *owner_orders_new(const cli_run *run);
void owner_orders_free(owner_orders *it);

/**
 * Adds one without data, for the caller to complete: its name is made with the format. NULL beyond
 * CLUSTER_ORDERS_MAX, which sending them tells.
 */
cluster_order *owner_orders_add(owner_orders *it, const uint8_t to20[static 20], const char *what, ...)
    __attribute__((format(printf, 3, 4)));

/** The data of the one added last, to be appended to. */
base_buf *owner_orders_data(owner_orders *it);

/** Adds a call, named "function(text)"; `text` may be NULL. */
cluster_order *owner_orders_call(owner_orders *it, const uint8_t contract20[static 20], const char *function,
                                 const char *text, uint32_t selector, const eth_abi_arg *args, size_t count);

/**
 * cli_spend() and cli_report() of them. None at all is no failure: it is said that nothing is to be done.
 * `more` is taken over and may be NULL.
 */
int owner_orders_send(const cli_run *run, dstack_p2p *sdk, const char *intent, owner_orders *it,
                      json_t *more);

/** What there is to report when nothing is to be done: `more`, taken over, with no transactions. */
json_t *owner_nothing_json(const cli_run *run, json_t *more);

/** Without the report; see cli_spend(). */
int owner_orders_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, owner_orders *it, bool *sent);

/** "a, b, c and 4 more": some texts for a sentence. */
void owner_enumerate(char *const *texts, size_t count, char *out, size_t size);

#endif
