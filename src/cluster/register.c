/* SPDX-License-Identifier: MIT */
#include "cluster/register.h"

#include "cluster/await.h"
#include "cluster/conditions.h"
#include "cluster/explain.h"
#include "cluster/submit.h"
#include "cluster/wallet.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 3, LOOK_AGAIN_MS = 1000 };

/* A call under way. */
typedef struct effort {
    const char *url;
    uint64_t end_ms;                 /* for whatever it waits for at the moment */
    unsigned tries, failures;        /* transactions refused by the node, and by the contract */
    bool sent;                       /* something, in this call */
    bool is_delivered;               /* the latest version is */
    char hindrance[BASE_ERROR_TEXT]; /* why the live transaction is not replaced; "" = nothing */
    cluster_view seen;
} effort;

static uint64_t patience_end(const cluster_session *session)
{
    return base_now_ms(session->sdk->clock) + session->sdk->config.confirm_timeout_ms;
}

/* A replacement that cannot, or may not, be sent is no failure as long as the live transaction would do. */
static bool may_do_without(const cluster_session *session, effort *it, base_error *error)
{
    const cluster_view *seen = &it->seen;
    if (error->code == DSTACK_P2P_ERR_CANCELLED || error->code == DSTACK_P2P_ERR_UNCONFIRMED ||
        !cluster_ledger_serves(&session->sdk->ledger, it->url, seen->state.last_anchor, seen->block.number))
        return false;
    snprintf(it->hindrance, sizeof it->hindrance, "%s", error->text);
    base_log_write(&session->sdk->config.log, DSTACK_P2P_LOG_WARNING,
                   "a transaction that is in no block after %d is not replaced: %s", CLUSTER_REPLACE_BLOCKS,
                   it->hindrance);
    base_error_clear(error);
    return true;
}

static void report_replacement(const cluster_session *session, const cluster_call *call)
{
    char fee[ETH_WEI_TEXT], tip[ETH_WEI_TEXT];
    const cluster_ledger *ledger = &session->sdk->ledger;
    if (!ledger->live || ledger->nonce != call->nonce) return;
    eth_wei_format_gwei(call->fees.max_fee, fee);
    eth_wei_format_gwei(call->fees.max_priority_fee, tip);
    base_log_write(&session->sdk->config.log, DSTACK_P2P_LOG_INFO,
                   "replacing the transaction with nonce %llu: up to %s per gas, %s of it as tip",
                   (unsigned long long)call->nonce, fee, tip);
}

/* From now on it is the receipt that is waited for. */
static void start_waiting(const cluster_session *session, effort *it)
{
    if (!it->sent) it->end_ms = patience_end(session);
    it->sent = true;
}

/* With the statement signed, since that may take the guest agent a while, and before anything is sent: the
 * wallet. A live transaction has its nonce already. `*again`: others were there meanwhile. */
static int take_wallet(cluster_session *session, const effort *it, bool *again, base_error *error)
{
    if (session->sdk->ledger.live) return 0;
    return cluster_wallet_take(session, it->seen.nonce, it->end_ms, again, error);
}

/* A new version, or a first one. */
static int send_new(cluster_session *session, effort *it, cluster_receipt *receipt, bool *again,
                    base_error *error)
{
    cluster_call call;
    if (cluster_prepare(session, &it->seen, it->url, &call, error)) {
        may_do_without(session, it, error);
    } else if (!take_wallet(session, it, again, error) && !*again) {
        report_replacement(session, &call);
        start_waiting(session, it);
        it->is_delivered = !cluster_submit(session, &call, receipt, again, error);
    }
    cluster_call_free(&call);
    return error->code;
}

/* Hands the node what is due; 0 with `receipt` filled in if it is mined already, or with `*again`. */
static int send(cluster_session *session, effort *it, cluster_receipt *receipt, bool *again,
                base_error *error)
{
    const cluster_view *seen = &it->seen;
    const cluster_ledger *ledger = &session->sdk->ledger;
    cluster_step step = cluster_ledger_step(ledger, it->url, seen->state.last_anchor, seen->block.number);
    memset(receipt, 0, sizeof *receipt);
    if (step != CLUSTER_RESUME && send_new(session, it, receipt, again, error)) return error->code;
    if (*again || it->is_delivered || ledger->raise) return 0; /* with raise it has one, and wants no other */
    start_waiting(session, it);
    it->is_delivered = !cluster_deliver(session, receipt, again, error);
    return error->code;
}

/* What it comes to: the state that was seen, or that a transaction made of it. */
static void note_standing(cluster_session *session, const cluster_view *seen, const cluster_receipt *receipt)
{
    const registry_state *state = &seen->state;
    cluster_standing *standing = &session->standing;
    *standing = (cluster_standing){.block_number = seen->block.number,
                                   .block_time = seen->block.time,
                                   .expires_at = state->peer.expires_at,
                                   .lease = state->lease_duration};
    if (!receipt) return;
    standing->sent = true;
    standing->block_number = receipt->block_number;
    standing->expires_at = state->lease_duration ? seen->block.time + state->lease_duration : 0;
}

static int take_in(cluster_session *session, effort *it, const cluster_receipt *receipt, bool *again,
                   base_error *error)
{
    base_log_write(&session->sdk->config.log, DSTACK_P2P_LOG_INFO, "registerPeer used %llu gas in block %llu",
                   (unsigned long long)receipt->gas_used, (unsigned long long)receipt->block_number);
    cluster_ledger_settle(&session->sdk->ledger, receipt->cost);
    cluster_books_save(session);
    note_standing(session, &it->seen, receipt);
    if (receipt->succeeded) return 0;
    cluster_explain_failure(session, receipt, it->url, again, error);
    if (error->code == DSTACK_P2P_ERR_REVERTED && it->failures++ > 0) *again = false; /* each costs gas */
    return error->code;
}

/* One transaction, up to its receipt or to the need for another look. */
static int transact(cluster_session *session, effort *it, bool *again, base_error *error)
{
    cluster_receipt receipt;
    bool was_delivered = it->is_delivered; /* an earlier version */
    if (send(session, it, &receipt, again, error) &&
        (!was_delivered || *again || !may_do_without(session, it, error))) {
        it->tries++;
        return error->code;
    }
    if (*again) return 0;
    if (!receipt.mined &&
        cluster_await(session, it->end_ms, *it->hindrance ? it->hindrance : NULL, &receipt, error))
        return error->code;
    *again = !receipt.mined;
    return receipt.mined ? take_in(session, it, &receipt, again, error) : 0;
}

/* Whether it is registered, or withdrawn. What a withdrawal has to stop stands in the books. */
static bool is_done(cluster_session *session, const effort *it)
{
    if ((!*it->url && !session->books.open) ||
        !cluster_is_done(session->sdk, &it->seen.state, &it->seen.block, it->url))
        return false;
    note_standing(session, &it->seen, NULL);
    return true;
}

/* Opens the books, and checks that nothing speaks against it; `*changed` when something may be otherwise than
 * it was seen. */
static int get_ready(cluster_session *session, effort *it, bool *changed, base_error *error)
{
    if (!session->books.open) {
        if (cluster_books_open(session, it->end_ms, changed, error) || *changed) return error->code;
        if (is_done(session, it)) return 0;
    }
    return cluster_check_conditions(session, &it->seen.state, it->url, error);
}

/* A look that fails while a transaction is on its way says nothing about that. */
static int look_later(const cluster_session *session, const effort *it, bool *again, base_error *error)
{
    const dstack_p2p *sdk = session->sdk;
    if (!it->sent || !sdk->ledger.live) return error->code;
    if (error->code == DSTACK_P2P_ERR_CANCELLED || base_wait(sdk->clock, session->cancel_fd, LOOK_AGAIN_MS))
        return cluster_unconfirmed(&sdk->ledger, "waiting for it was cancelled", NULL, error);
    if (base_now_ms(sdk->clock) >= it->end_ms) {
        base_error problem = *error;
        return cluster_unconfirmed(&sdk->ledger, problem.text, NULL, error);
    }
    *again = true;
    return 0;
}

static int look_and_act(cluster_session *session, effort *it, bool *again, base_error *error)
{
    *again = false;
    if (cluster_look_with_anchor(session, it->url, it->end_ms, &it->seen, error))
        return look_later(session, it, again, error);
    if (is_done(session, it) || get_ready(session, it, again, error) || *again || is_done(session, it))
        return error->code;
    return transact(session, it, again, error);
}

/* Whether there is a user name or password in it. */
static bool has_credentials(const char *url)
{
    const char *authority = strstr(url, "://");
    if (!authority) return false;
    return memchr(authority + 3, '@', strcspn(authority + 3, "/?#"));
}

int cluster_register(cluster_session *session, const char *url, base_error *error)
{
    effort it = {.url = url};
    bool again;
    if (cluster_need_contract(session->sdk, error) || cluster_identify(session, error)) return error->code;
    if (has_credentials(url))
        base_log_write(
            &session->sdk->config.log, DSTACK_P2P_LOG_WARNING,
            "the connection URL holds a user name or password: on chain everybody can read it, for ever");
    it.end_ms = patience_end(session);
    do {
        base_error_clear(error);
        look_and_act(session, &it, &again, error);
    } while (again && it.tries < TRIES);
    cluster_books_close(session);
    return error->code;
}
