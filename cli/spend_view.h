/* SPDX-License-Identifier: MIT */
#ifndef CLI_SPEND_VIEW_H
#define CLI_SPEND_VIEW_H

#include "cli/spend.h"

/*
 * What is shown of transactions: before they are sent, and after.
 */

enum { SPEND_SENTENCE = 512 };

/** "2 transactions on chain 1 by 0x..., which has 3 ether: about 0.01 ether, at most 0.02 ether (100 gas)".
 */
void spend_quote_sentence(const cluster_quote *quote, size_t count, char text[static SPEND_SENTENCE]);

/** A dry run, on standard output: each transaction and what all would cost. CLI_OK, or as cli_flush(). */
int spend_show_quote(const cli_run *run, const cluster_order *orders, size_t count,
                     const cluster_quote *quote);

/** What became of each transaction, those that were not sent included; `cost` includes the `value` that it
 * paid, as in the quote. NULL: no memory. */
json_t *spend_outcomes_json(const cluster_order *orders, size_t count, const cluster_outcome *outcomes);

/** After a failure, on standard error: those that may have cost money all the same. */
void spend_tell_sent(const cli_run *run, const cluster_order *orders, size_t count,
                     const cluster_outcome *outcomes);

/** On standard output, a line for each. */
void spend_print_outcomes(const cluster_order *orders, size_t count, const cluster_outcome *outcomes);

#endif
