/* SPDX-License-Identifier: MIT */
#include "cluster/prepare.h"

#include "eth/chains.h"
#include "eth/quantity.h"
#include "registry/connection_url.h"
#include "registry/key_chain.h"
#include "registry/revert.h"

#include <string.h>

enum { CALL_DATA_MAX = 2048 };

static int make_call_data(const cluster_session *session, const cluster_view *seen, const char *url,
                          base_buf *data, base_error *error)
{
    const dstack_p2p *sdk = session->sdk;
    const cluster_identity *id = &sdk->identity;
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t signature[65], app_signature[REGISTRY_APP_SIGNATURE], kms_signature[REGISTRY_KMS_SIGNATURE];
    registry_statement statement = {
        .chain_id = atomic_load(&sdk->chain_id), .url = url, .anchor_number = seen->block.number};
    memcpy(statement.contract20, sdk->config.contract20, 20);
    memcpy(statement.instance20, id->instance20, 20);
    memcpy(statement.anchor_hash32, seen->block.hash32, 32);
    registry_purpose(&statement, purpose);
    if (cluster_sign_purpose(session, purpose, "the registration statement", signature, error))
        return error->code;
    registry_pack_app_signature(signature, statement.anchor_number, app_signature);
    registry_pack_kms_signature(id->kms_signature65, id->app_key33, id->app_id20, kms_signature);
    registry_encode_register(data, &statement, id->derived_key33, app_signature, kms_signature);
    return base_buf_failed(data) ? base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory") : 0;
}

/* On the pending block: in the latest one its own hash, the anchor, is not known yet. */
static int estimate_gas(const cluster_session *session, const base_buf *data, uint64_t *gas,
                        base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add_call(&batch, session->sdk->config.contract20, data, "pending");
    eth_request *answer = &batch.requests[at];
    answer->method = "eth_estimateGas";
    if (!cluster_send(session, &batch, error)) {
        if (answer->has_error && answer->error_data.len)
            registry_explain_revert((const uint8_t *)answer->error_data.data, answer->error_data.len, error);
        else if (!eth_request_check(answer, error) && !eth_quantity_u64(answer->result, gas))
            base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's gas estimate is malformed");
    }
    eth_batch_free(&batch);
    return error->code;
}

/* Fees for a gas limit, and whether they can and may be paid. */
static int choose_fees(dstack_p2p *sdk, const cluster_view *seen, uint64_t limit, cluster_fees *fees,
                       base_error *error)
{
    cluster_ledger *ledger = &sdk->ledger;
    eth_wei spent = cluster_ledger_spent(ledger, base_now_ms(sdk->clock));
    if (cluster_choose_fees(&sdk->config, &seen->block, seen->tip, limit, fees, error)) return error->code;
    if (ledger->live && ledger->nonce == seen->nonce) cluster_fees_raise(fees, &ledger->fees);
    eth_wei added = cluster_ledger_added(ledger, seen->nonce, fees->most);
    return cluster_check_funds(&sdk->config, fees, spent, added, seen->balance, sdk->identity.payer_text,
                               error);
}

int cluster_price(dstack_p2p *sdk, const cluster_view *seen, const char *url, cluster_fees *fees,
                  base_error *error)
{
    /* In dev mode a URL passes, as bytes, even if its base domain is removed before this lands. */
    bool is_gateway = !seen->state.dev_mode && seen->state.base_allowed &&
                      registry_url_is_gateway(url, sdk->identity.instance20);
    return choose_fees(sdk, seen, cluster_gas_limit(strlen(url), is_gateway), fees, error);
}

/* Where gas includes data the limit is estimated, which shows the statement to the node. */
int cluster_prepare(cluster_session *session, const cluster_view *seen, const char *url, cluster_call *call,
                    base_error *error)
{
    uint64_t gas;
    dstack_p2p *sdk = session->sdk;
    *call = (cluster_call){
        .data = base_buf_make(CALL_DATA_MAX), .nonce = seen->nonce, .anchor = seen->block.number, .url = url};
    if (cluster_price(sdk, seen, url, &call->fees, error) ||
        make_call_data(session, seen, url, &call->data, error))
        return error->code;
    if (!eth_chain_gas_includes_data(atomic_load(&sdk->chain_id))) return 0;
    if (*url) sdk->ledger.open_anchor = seen->block.number;
    cluster_books_save(session);
    if (estimate_gas(session, &call->data, &gas, error)) return error->code;
    return choose_fees(sdk, seen, gas > UINT64_MAX / 2 ? gas : gas + gas / 4, &call->fees, error);
}

void cluster_call_free(cluster_call *call)
{
    base_buf_free(&call->data);
}
