/* SPDX-License-Identifier: MIT */
#include "cluster/explain.h"

#include "cluster/conditions.h"
#include "registry/revert.h"

#include <stdio.h>

static int no_reason(const cluster_session *session, const cluster_receipt *receipt, const char *why,
                     base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_REVERTED,
                     "the transaction failed in block %llu (%llu of %llu gas used); why is not known: %s",
                     (unsigned long long)receipt->block_number, (unsigned long long)receipt->gas_used,
                     (unsigned long long)session->sdk->ledger.fees.gas_limit, why);
}

/* Replays the call at the block that it failed in. */
static int replay(cluster_session *session, const cluster_receipt *receipt, bool *again, base_error *error)
{
    eth_batch batch;
    char block[24];
    base_error problem = {0};
    cluster_ledger *ledger = &session->sdk->ledger;
    const base_buf data = {.data = (char *)ledger->raw + ledger->data_at, .len = ledger->data_len};
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)receipt->block_number);
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add_call(&batch, session->sdk->config.contract20, &data, block);
    const eth_request *answer = &batch.requests[at];
    if (cluster_send(session, &batch, &problem)) {
        no_reason(session, receipt, problem.text, error);
    } else if (answer->has_error && answer->error_data.len) {
        const uint8_t *reason = (const uint8_t *)answer->error_data.data;
        *again = registry_revert_is_stale(reason, answer->error_data.len);
        registry_explain_revert(reason, answer->error_data.len, error);
    } else {
        no_reason(session, receipt, answer->has_error ? answer->error_message : "a replay succeeds", error);
    }
    eth_batch_free(&batch);
    return error->code;
}

int cluster_explain_failure(cluster_session *session, const cluster_receipt *receipt, const char *url,
                            bool *again, base_error *error)
{
    cluster_view seen;
    base_error problem = {0};
    const cluster_ledger *ledger = &session->sdk->ledger;
    if (cluster_look(session, url, &seen, &problem)) return no_reason(session, receipt, problem.text, error);
    if (cluster_is_done(session->sdk, &seen.state, &seen.block, url)) return 0;
    if (receipt->version + 1 != ledger->versions)
        return no_reason(session, receipt, "it is an earlier one, which was to be replaced", error);
    return replay(session, receipt, again, error);
}
