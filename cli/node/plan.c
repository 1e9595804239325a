/* SPDX-License-Identifier: MIT */
#include "cli/node/plan.h"

#include "cluster/conditions.h"
#include "eth/chains.h"
#include "registry/connection_url.h"

#include <string.h>

static int look(cluster_session *session, const char *url, node_plan *plan, base_error *error)
{
    if (cluster_look(session, url, &plan->seen, error)) return error->code;
    plan->needed = !cluster_is_done(session->sdk, &plan->seen.state, &plan->seen.block, url);
    return 0;
}

/* As the registration itself will choose them: see cluster/prepare.c. */
int node_plan_price(dstack_p2p *sdk, const char *url, node_plan *plan, base_error *error)
{
    const cluster_view *seen = &plan->seen;
    cluster_ledger *ledger = &sdk->ledger;
    bool is_gateway = !seen->state.dev_mode && seen->state.base_allowed &&
                      registry_url_is_gateway(url, sdk->identity.instance20);
    uint64_t limit = cluster_gas_limit(strlen(url), is_gateway);
    if (cluster_choose_fees(&sdk->config, &seen->block, seen->tip, limit, &plan->fees, error))
        return error->code;
    if (ledger->live && ledger->nonce == seen->nonce) cluster_ledger_raise(ledger, &plan->fees);
    plan->expected = eth_wei_mul(eth_wei_add(seen->block.base_fee, plan->fees.max_priority_fee), limit);
    if (plan->expected > plan->fees.most) plan->expected = plan->fees.most;
    plan->grows = eth_chain_gas_includes_data(atomic_load(&sdk->chain_id));
    return cluster_check_funds(&sdk->config, &plan->fees,
                               cluster_ledger_spent(ledger, base_now_ms(sdk->clock)),
                               cluster_ledger_added(ledger, seen->nonce, plan->fees.most), seen->balance,
                               sdk->identity.payer_text, error);
}

static int open_books(cluster_session *session, const char *url, node_plan *plan, base_error *error)
{
    bool changed = false;
    const dstack_p2p *sdk = session->sdk;
    uint64_t end_ms = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms;
    if (cluster_books_open(session, end_ms, &changed, error)) return error->code;
    /* What an earlier process has sent may land yet, and a withdrawal has to see to that as well. */
    return look(session, url, plan, error);
}

int node_plan_make(dstack_p2p *sdk, const char *url, bool with_books, node_plan *plan, base_error *error)
{
    cluster_session session;
    memset(plan, 0, sizeof *plan);
    if (cluster_need_contract(sdk, error) || cluster_own_session(sdk, &session, error) ||
        cluster_identify(&session, error) || look(&session, url, plan, error))
        return error->code;
    if (!with_books || !open_books(&session, url, plan, error)) {
        if (plan->needed && !cluster_check_conditions(&session, &plan->seen.state, url, error))
            node_plan_price(sdk, url, plan, error);
    }
    cluster_books_close(&session);
    return error->code;
}
