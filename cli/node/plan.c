/* SPDX-License-Identifier: MIT */
#include "cli/node/plan.h"

#include "cluster/conditions.h"
#include "cluster/prepare.h"
#include "eth/chains.h"

#include <string.h>

static int look(cluster_session *session, const char *url, node_plan *plan, base_error *error)
{
    if (cluster_look(session, url, &plan->seen, error)) return error->code;
    plan->needed = !cluster_is_done(session->sdk, &plan->seen.state, &plan->seen.block, url);
    return 0;
}

int node_plan_price(dstack_p2p *sdk, const char *url, node_plan *plan, base_error *error)
{
    const cluster_fees *fees = &plan->fees;
    cluster_price(sdk, &plan->seen, url, &plan->fees, error);
    plan->expected =
        eth_wei_mul(eth_wei_add(plan->seen.block.base_fee, fees->max_priority_fee), fees->gas_limit);
    if (plan->expected > fees->most) plan->expected = fees->most;
    plan->grows = eth_chain_gas_includes_data(atomic_load(&sdk->chain_id));
    return error->code;
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
