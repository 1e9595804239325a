/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_EXPLAIN_H
#define CLUSTER_EXPLAIN_H

#include "cluster/look.h"
#include "cluster/receipt.h"

/**
 * Why the transaction, which was mined, failed; or 0, when that does not matter because the state is what was
 * wanted: a copy of it may have landed first. `again`: the chain had moved on, and a new statement helps.
 */
int cluster_explain_failure(cluster_session *session, const cluster_receipt *receipt, const char *url,
                            bool *again, base_error *error);

#endif
