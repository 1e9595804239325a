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
 * The account that sends: the private key's, or with --dry-run the one that --from names. 0, CLI_USAGE or
 * PRIVATE_KEY, having said why.
 */
int cli_sender(const cli_run *run, const dstack_p2p *sdk, uint8_t from20[static 20]);

/**
 * Quotes; with --dry-run shows what would be sent and ends with CLI_OK and `*sent` false; asks before
 * spending unless the chain is 31337 or --yes was given (CLI_DECLINED); sends and waits. `intent` begins the
 * question: "mint 3 NFTs"; where nothing is asked, it is said. With CLI_OK and `*sent` true all are mined.
 * Says what is wrong otherwise, with the hashes of what was sent; `receipts` is filled in as far as it came.
 */
int cli_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, const cluster_order *orders,
              size_t count, cli_receipts *receipts, bool *sent);

/** Says why something is not paid for; for a ceiling also which option sets it, as the library names its own
 * settings. Returns the code. */
int cli_fail_payment(const cli_run *run, const base_error *error);

/**
 * The report in the usual way: a line for each, or a JSON object with `transactions` and what `more`, which
 * is taken over and may be NULL, holds.
 */
int cli_report(const cli_run *run, const cluster_order *orders, size_t count, const cli_receipts *receipts,
               json_t *more);

#endif
