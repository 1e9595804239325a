/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "eth/quantity.h"

#include <string.h>

/* Bytes of a request, which nodes take more of; looks at the nonce. */
enum { BYTES_MAX = 768 * 1024, TRIES = 2 };

/* ---- The account's next nonce ---- */

/* Others may have used the account since the quote, also from elsewhere: it is asked for again, and the chain
 * with it. */
static int look_again(cluster_dispatch *it, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", it->quote->from);
    const eth_request *answer = &batch.requests[at];
    if (!cluster_send(&it->session, &batch, error) && !eth_request_check(answer, error) &&
        !eth_quantity_u64(answer->result, &it->nonce))
        base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce is malformed");
    eth_batch_free(&batch);
    return error->code;
}

/* The address of a contract comes from the nonce: a call that was meant for it must not go elsewhere. */
static int check_addresses(const cluster_dispatch *it, base_error *error)
{
    uint8_t address[20];
    if (it->nonce == it->quote->nonce) return 0;
    if (cluster_check_creations(it->orders, it->count, it->quote, it->nonce, error)) return error->code;
    for (size_t i = 0; i < it->count; i++) {
        if (!it->orders[i].creates) continue;
        if (!cluster_created_address(it->quote->from20, it->quote->nonce + i, address))
            return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
        for (size_t j = i + 1; j < it->count; j++)
            if (!it->orders[j].creates && memcmp(it->orders[j].to20, address, 20) == 0)
                return base_fail(
                    error, DSTACK_P2P_ERR_STATE,
                    "the account %s has sent something else meanwhile, so the contract that %s is "
                    "for would get another address; nothing was sent; start again",
                    it->quote->from, it->orders[j].what);
    }
    return 0;
}

/* ---- One after the other ---- */

/* A nonce that was ours a moment ago is used up by what we sent. */
static bool is_taken(eth_acceptance word, bool is_ours)
{
    return word == ETH_TX_TAKEN || (word == ETH_TX_NONCE_USED && is_ours);
}

/* One. False, with the reason to stop, when it is not known to be taken. */
static bool send_one(cluster_dispatch *it, size_t number, cluster_hearing *heard)
{
    cluster_hand_over(it, number, 1, heard);
    if (heard->answered && is_taken(heard->words[0], number > 0 || heard->doubted)) return true;
    if (!heard->doubted) cluster_forget_order(it, number);
    it->stop = heard->problem;
    return false;
}

/* The first one goes alone: while it is refused, for the nonce above all, nothing waits behind it. A payment
 * is not signed a second time: a node that lies about the nonce could have both carried out. */
static void send_first(cluster_dispatch *it)
{
    cluster_hearing heard = {0};
    for (int tries = 0; tries < TRIES; tries++) {
        bool ok = send_one(it, 0, &heard);
        it->next = ok || heard.doubted;
        bool overtaken = heard.answered && !heard.doubted &&
                         (heard.words[0] == ETH_TX_NONCE_USED || heard.words[0] == ETH_TX_REPLACES);
        if (ok || !overtaken || it->orders[0].value || tries + 1 == TRIES) return;
        base_error_clear(&it->stop);
        if (look_again(it, &it->stop) || check_addresses(it, &it->stop)) return;
    }
}

/* What was refused among others is sent again alone, or those behind it would wait for it. */
static void send_some(cluster_dispatch *it, size_t first, size_t count)
{
    cluster_hearing heard = {0}, alone;
    cluster_hand_over(it, first, count, &heard);
    if (!heard.answered) {
        it->stop = heard.problem;
        if (heard.doubted) it->next = first + count;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool taken = is_taken(heard.words[i], true);
        if (!taken && !heard.doubted) cluster_forget_order(it, first + i);
        if (it->stop.code) continue;
        alone.doubted = heard.doubted;
        if (taken || send_one(it, first + i, &alone) || alone.doubted) it->next = first + i + 1;
    }
}

size_t cluster_count_sendable(const cluster_dispatch *it, size_t first, size_t end)
{
    size_t count = 0, bytes = 0;
    for (; first + count < end && count < CLUSTER_ORDER_SEND_MAX; count++) {
        bytes += 2 * (cluster_order_size(&it->orders[first + count]) + CLUSTER_RAW_BESIDES);
        if (bytes > BYTES_MAX) break;
    }
    return count;
}

int cluster_deliver_orders(cluster_dispatch *it, base_error *error)
{
    if (look_again(it, error) || check_addresses(it, error)) return error->code;
    send_first(it);
    while (!it->stop.code && it->next < it->count)
        send_some(it, it->next, cluster_count_sendable(it, it->next, it->count));
    return 0;
}
