/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "base/gate.h"
#include "cluster/wallet.h"

#include <stdio.h>
#include <string.h>

/* ---- Sending ---- */

/* With the wallet in hand, which is given back before anything is waited for. */
static int send_locked(cluster_dispatch *it, base_error *error)
{
    bool changed;
    cluster_session *session = &it->session;
    const dstack_p2p *sdk = session->sdk;
    uint64_t end_ms = base_now_ms(sdk->clock) + sdk->config.confirm_timeout_ms;
    if (!cluster_books_open_wallet(session, it->quote->from20, error) &&
        !cluster_wallet_take(session, it->quote->nonce, end_ms, &changed, error))
        cluster_deliver_orders(it, error);
    cluster_books_close(session);
    return error->code;
}

/* ---- What came of it ---- */

static size_t count_sent(const cluster_dispatch *it)
{
    size_t sent = 0;
    for (size_t i = 0; i < it->count; i++)
        sent += it->outcomes[i].state != CLUSTER_ORDER_NOT_SENT;
    return sent;
}

/* Those behind one that was refused wait for its nonce. */
static int not_sent(const cluster_dispatch *it, base_error *error)
{
    char behind[128] = "";
    size_t sent = count_sent(it), stuck = sent - it->next;
    if (stuck)
        snprintf(behind, sizeof behind, "; %zu of them wait in the node's pool until nonce %llu is used",
                 stuck, (unsigned long long)(it->nonce + it->next));
    if (it->count == 1) return base_fail(error, it->stop.code, "%s; nothing was sent", it->stop.text);
    return base_fail(error, it->stop.code, "%s; %zu of %zu transactions were sent%s", it->stop.text, sent,
                     it->count, behind);
}

/* The first one's failure. */
static int judge(cluster_dispatch *it, base_error *error)
{
    base_error waiting = {0};
    cluster_await_orders(it, &waiting);
    for (size_t i = 0; i < it->count; i++)
        switch (it->outcomes[i].state) {
        case CLUSTER_ORDER_DONE:
            break;
        case CLUSTER_ORDER_REFUSED:
            return cluster_explain_refusal(it, i, error);
        case CLUSTER_ORDER_UNCONFIRMED:
            return base_fail(error, waiting.code, "%s", waiting.text);
        default:
            return not_sent(it, error);
        }
    return 0;
}

/* ---- From outside ---- */

static int check(dstack_p2p *sdk, const cluster_dispatch *it, base_error *error)
{
    uint8_t from[20];
    const cluster_quote *quote = it->quote;
    uint64_t known = 0;
    if (cluster_check_orders(sdk, it->orders, it->count, error) || cluster_order_account(sdk, from, error) ||
        cluster_check_quote(&sdk->config, quote, error))
        return error->code;
    if (memcmp(from, quote->from20, 20) != 0)
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY,
                         "the private key is not that of %s, which was asked for; nothing was sent",
                         quote->from);
    if (atomic_compare_exchange_strong(&sdk->chain_id, &known, quote->chain_id) || known == quote->chain_id)
        return 0;
    return base_fail(error, DSTACK_P2P_ERR_WRONG_CHAIN,
                     "the quote is for chain %llu, and the node is on chain %llu; nothing was sent",
                     (unsigned long long)quote->chain_id, (unsigned long long)known);
}

static int send_and_wait(cluster_dispatch *it, base_error *error)
{
    dstack_p2p *sdk = it->session.sdk;
    it->session.cancel_fd = sdk->cancel_fd;
    it->session.rpc = cluster_rpc(sdk, error);
    if (!it->session.rpc || send_locked(it, error)) return error->code;
    return judge(it, error);
}

int cluster_send_orders(dstack_p2p *sdk, const cluster_order *orders, size_t count,
                        const cluster_quote *quote, cluster_outcome *outcomes, cluster_order_fn progress,
                        void *context, base_error *error)
{
    cluster_quote current = *quote;
    cluster_dispatch it = {.session = {.sdk = sdk},
                           .orders = orders,
                           .count = count,
                           .quote = &current,
                           .mined = UINT64_MAX,
                           .outcomes = outcomes,
                           .progress = progress,
                           .context = context};
    memset(outcomes, 0, count * sizeof *outcomes);
    if (check(sdk, &it, error)) return error->code;
    if (!base_gate_enter(sdk->gate_fd, sdk->cancel_fd))
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled; nothing was sent");
    send_and_wait(&it, error);
    base_gate_leave(sdk->gate_fd);
    return error->code;
}
