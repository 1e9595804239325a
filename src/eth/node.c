/* SPDX-License-Identifier: MIT */
#include "eth/node.h"

#include "eth/refusal.h"

enum { REQUEST_MAX = 1024 * 1024, ANSWER_MAX = 16 * 1024 * 1024, CONNECT_MS = 3000, SINGLES = 100 };

bool eth_node_open(eth_node *node, const char *url, uint32_t total_ms, int cancel_fd)
{
    net_client_config config = {.url = url,
                                .connect_ms = CONNECT_MS,
                                .total_ms = total_ms,
                                .max_body = ANSWER_MAX,
                                .cancel_fd = cancel_fd};
    net_url_redact(url, node->shown);
    node->client = net_client_new(&config);
    return node->client;
}

void eth_node_close(eth_node *node)
{
    net_client_free(node->client);
    node->client = NULL;
}

static int net_failure(const eth_node *node, const eth_try *it, net_result result, const char *reason,
                       base_error *error)
{
    switch (result) {
    case NET_TIMEOUT:
        return base_fail(error, DSTACK_P2P_ERR_RPC_TIMEOUT, "the node at %s did not answer within %u ms (%s)",
                         node->shown, it->within_ms, reason);
    case NET_TOO_LARGE:
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the answer of the node at %s is larger than %d MiB", node->shown, ANSWER_MAX >> 20);
    case NET_CUT:
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the answer of the node at %s is not whole (%s)",
                         node->shown, reason);
    case NET_CANCELLED:
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while asking the node");
    case NET_NO_MEMORY:
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while asking the node");
    default:
        return base_fail(error, DSTACK_P2P_ERR_RPC_UNREACHABLE,
                         "cannot reach the Ethereum node at %s: %s; set RPC_URL to a node that runs",
                         node->shown, reason);
    }
}

static void judge_net(net_result result, const net_reply *reply, eth_try *it)
{
    it->passing = result == NET_UNREACHABLE || result == NET_TIMEOUT || result == NET_CUT;
    it->doubtful |= result != NET_UNREACHABLE;
    /* A part that came in time says that the whole is too long for the line, not that nobody is there. */
    if (result == NET_TIMEOUT && reply->body.len > 0) it->too_much = true;
}

/* What an answer means that is none to the requests. Some nodes refuse batches with an error, some with a
 * status; a denied access is denied to single requests, too. */
static int read_failure(eth_node *node, long status, const base_error *answer, base_error *error)
{
    bool denied = status == 401 || status == 403;
    bool refused =
        answer->code == DSTACK_P2P_ERR_RPC_ERROR || status == 400 || status == 405 || status == 413;
    node->batch_refused = refused && !denied;
    if (status == 429)
        return base_fail(error, DSTACK_P2P_ERR_RPC_LIMITED,
                         "the node limits the rate of requests (HTTP 429)");
    if (denied)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR,
                         "the node denies access (HTTP %ld); check the credentials in RPC_URL", status);
    if (status == 200 || answer->code != DSTACK_P2P_ERR_RPC_ANSWER)
        return base_fail(error, answer->code, "%s", answer->text);
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered HTTP %ld", status);
}

static void judge_failure(const net_reply *reply, int code, eth_try *it)
{
    it->limited = code == DSTACK_P2P_ERR_RPC_LIMITED;
    it->retry_after_ms = reply->retry_after_ms;
    /* An answer without a body is one that was cut in its head, which ends where the connection does. */
    it->passing = it->limited || reply->status == 408 || reply->status >= 500 || !reply->body.len;
    it->doubtful |= code == DSTACK_P2P_ERR_RPC_ANSWER;
    if (reply->status == 413) it->too_much = true;
}

static void look_for_limits(const eth_request *requests, size_t count, const net_reply *reply, eth_try *it)
{
    for (size_t i = 0; i < count; i++)
        if (eth_request_is_limited(&requests[i])) {
            it->limited = it->passing = true;
            if (reply->retry_after_ms) it->retry_after_ms = reply->retry_after_ms;
        }
}

static int read_reply(eth_node *node, eth_batch *batch, size_t first, size_t count, const net_reply *reply,
                      eth_try *it, base_error *error)
{
    base_error answer = {0};
    if (!eth_batch_read(batch, first, count, reply->body.data, reply->body.len, &answer)) {
        look_for_limits(&batch->requests[first], count, reply, it);
        return 0;
    }
    read_failure(node, reply->status, &answer, error);
    judge_failure(reply, error->code, it);
    base_error_context(error, "%s", node->shown);
    return error->code;
}

/* What is left for an exchange. Never 0: then it ends as one that took too long. */
static uint32_t time_left(const eth_node *node, const eth_try *it)
{
    uint64_t now = base_now_ms(node->clock);
    if (now >= it->end_ms) return 1;
    return it->end_ms - now < it->within_ms ? (uint32_t)(it->end_ms - now) : it->within_ms;
}

static int exchange(eth_node *node, eth_batch *batch, size_t first, size_t count, eth_try *it,
                    base_error *error)
{
    char reason[256];
    net_reply reply;
    base_buf body = base_buf_make(REQUEST_MAX);
    if (!eth_batch_write(batch, first, count, it->next_id, &body)) {
        base_buf_free(&body);
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while writing a request");
    }
    uint64_t start_us = base_now_us(node->clock);
    it->exchanges++;
    node->batch_refused = false;
    net_client_set_limit(node->client, time_left(node, it));
    net_result result = net_client_post(node->client, "", body.data, body.len, &reply, reason, sizeof reason);
    uint64_t took_us = base_now_us(node->clock) - start_us;
    if (result == NET_TOO_LARGE) batch->too_large = true;
    if (result) {
        judge_net(result, &reply, it);
        net_failure(node, it, result, reason, error);
    } else {
        read_reply(node, batch, first, count, &reply, it, error);
    }
    eth_meter_count(node->meter, took_us, error->code);
    base_buf_free(&reply.body);
    base_buf_free(&body);
    return error->code;
}

static int one_by_one(eth_node *node, eth_batch *batch, eth_try *it, base_error *error)
{
    for (size_t i = 0; i < batch->count; i++)
        if (exchange(node, batch, i, 1, it, error)) return error->code;
    return 0;
}

int eth_node_ask(eth_node *node, eth_batch *batch, eth_try *it, base_error *error)
{
    bool split = batch->count > 1 && node->singles > 0;
    eth_batch_forget_answers(batch);
    if (!split && exchange(node, batch, 0, batch->count, it, error) && node->batch_refused &&
        batch->count > 1) {
        base_log_write(node->log, DSTACK_P2P_LOG_INFO, "batch refused, asking one by one: %s", error->text);
        base_error_clear(error);
        it->limited = it->passing = it->too_much = false;
        eth_batch_forget_answers(batch);
        node->singles = SINGLES;
        split = true;
    }
    if (split) {
        node->singles--;
        one_by_one(node, batch, it, error);
    }
    return error->code;
}
