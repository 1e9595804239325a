/* SPDX-License-Identifier: MIT */
#ifndef CLI_SPEND_H
#define CLI_SPEND_H

#include "cli/run.h"
#include "cluster/order.h"

/*
 * Everything that an operator pays for goes through here: the quote, the dry run, the question before money
 * is spent, the sending, and the report.
 */

/** What became of the orders; for commands with something to add to the report. */
typedef struct cli_receipts {
    cluster_quote quote;
    cluster_outcome outcomes[CLUSTER_ORDERS_MAX];
} cli_receipts;

/**
 * Quotes; with --dry-run shows what would be sent and ends with CLI_OK and `*sent` false; asks before
 * spending unless the chain is 31337 or --yes was given (CLI_DECLINED); sends and waits. `intent` begins the
 * question: "mint 3 NFTs". With CLI_OK and `*sent` true all are mined. Says what is wrong otherwise, with the
 * hashes of what was sent.
 */
int cli_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, const cluster_order *orders,
              size_t count, cli_receipts *receipts, bool *sent);

/**
 * The report in the usual way: a line, or a JSON object with `transactions` and what `more`, which is taken
 * over and may be NULL, holds.
 */
int cli_report(const cli_run *run, const cluster_order *orders, size_t count, const cli_receipts *receipts,
               json_t *more);

#endif
