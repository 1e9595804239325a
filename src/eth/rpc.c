/* SPDX-License-Identifier: MIT */
#include "eth/rpc.h"

#include "eth/quantity.h"
#include "net/client.h"
#include "net/url.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 1024 * 1024, ANSWER_MAX = 16 * 1024 * 1024, CONNECT_MS = 3000, SINGLES = 100 };

typedef struct endpoint {
    net_client *client;
    char shown[NET_URL_TEXT];
    bool refused;     /* the last exchange, as a batch */
    unsigned singles; /* so many batches are still asked one by one, since it refused one */
} endpoint;

struct eth_rpc {
    endpoint endpoints[ETH_RPC_ENDPOINTS_MAX];
    size_t count, current;
    uint64_t next_id, chain_id, round_trips;
    bool too_much; /* an exchange of the last send failed for the size of its answer */
    uint32_t timeout_ms;
    const base_log *log;
};

const char *eth_rpc_next_url(const char *list, char url[static NET_URL_MAX + 2])
{
    size_t len = strcspn(list, ","), skip = strspn(list, " ");
    size_t kept = len > skip ? len - skip : 0;
    while (kept && list[skip + kept - 1] == ' ')
        kept--;
    if (kept > NET_URL_MAX + 1) kept = NET_URL_MAX + 1; /* too long, and found to be so */
    memcpy(url, list + (len > skip ? skip : 0), kept);
    url[kept] = '\0';
    return list[len] ? list + len + 1 : NULL;
}

int eth_rpc_check_urls(const char *urls, base_error *error)
{
    char url[NET_URL_MAX + 2];
    size_t count = 0;
    do {
        urls = eth_rpc_next_url(urls, url);
        if (!net_url_is_http(url))
            return base_fail(
                error, DSTACK_P2P_ERR_CONFIG,
                "RPC URL number %zu is not an http:// or https:// URL of at most %d visible bytes", count + 1,
                NET_URL_MAX);
        if (++count > ETH_RPC_ENDPOINTS_MAX)
            return base_fail(error, DSTACK_P2P_ERR_CONFIG, "more than %d RPC URLs", ETH_RPC_ENDPOINTS_MAX);
    } while (urls);
    return 0;
}

static bool add_endpoint(eth_rpc *rpc, const char *url, const eth_rpc_config *config)
{
    endpoint *end = &rpc->endpoints[rpc->count++];
    net_client_config net = {.url = url,
                             .connect_ms = CONNECT_MS < config->timeout_ms ? CONNECT_MS : config->timeout_ms,
                             .total_ms = config->timeout_ms,
                             .max_body = ANSWER_MAX,
                             .cancel_fd = config->cancel_fd};
    net_url_redact(url, end->shown);
    end->client = net_client_new(&net);
    return end->client;
}

eth_rpc *eth_rpc_new(const eth_rpc_config *config)
{
    char url[NET_URL_MAX + 2];
    eth_rpc *rpc = calloc(1, sizeof *rpc);
    if (!rpc) return NULL;
    rpc->log = config->log;
    rpc->chain_id = config->chain_id;
    rpc->timeout_ms = config->timeout_ms;
    rpc->next_id = 1;
    for (const char *urls = config->urls; urls && rpc->count < ETH_RPC_ENDPOINTS_MAX;) {
        urls = eth_rpc_next_url(urls, url);
        if (!add_endpoint(rpc, url, config)) {
            eth_rpc_free(rpc);
            return NULL;
        }
    }
    return rpc;
}

void eth_rpc_free(eth_rpc *rpc)
{
    if (!rpc) return;
    for (size_t i = 0; i < rpc->count; i++)
        net_client_free(rpc->endpoints[i].client);
    free(rpc);
}

static int net_failure(const eth_rpc *rpc, const endpoint *end, net_result result, const char *reason,
                       base_error *error)
{
    switch (result) {
    case NET_TIMEOUT:
        return base_fail(error, DSTACK_P2P_ERR_RPC_TIMEOUT, "the node at %s did not answer within %u ms (%s)",
                         end->shown, rpc->timeout_ms, reason);
    case NET_TOO_LARGE:
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the answer of the node at %s is larger than %d MiB", end->shown, ANSWER_MAX >> 20);
    case NET_CUT:
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the answer of the node at %s is not whole (%s)",
                         end->shown, reason);
    case NET_CANCELLED:
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while asking the node");
    case NET_NO_MEMORY:
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while asking the node");
    default:
        return base_fail(error, DSTACK_P2P_ERR_RPC_UNREACHABLE,
                         "cannot reach the Ethereum node at %s: %s; set RPC_URL to a node that runs",
                         end->shown, reason);
    }
}

/* What an answer means that is none to the requests. Some nodes refuse batches with an error, some with a
 * status; a denied access is denied to single requests, too. */
static int read_failure(endpoint *end, long status, const base_error *answer, base_error *error)
{
    bool denied = status == 401 || status == 403;
    bool refused =
        answer->code == DSTACK_P2P_ERR_RPC_ERROR || status == 400 || status == 405 || status == 413;
    end->refused = refused && !denied;
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

static int exchange(eth_rpc *rpc, endpoint *end, eth_batch *batch, size_t first, size_t count,
                    base_error *error)
{
    char reason[256];
    net_reply reply;
    base_buf body = base_buf_make(REQUEST_MAX);
    if (!eth_batch_write(batch, first, count, &rpc->next_id, &body)) {
        base_buf_free(&body);
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while writing a request");
    }
    rpc->round_trips++;
    net_result result = net_client_post(end->client, "", body.data, body.len, &reply, reason, sizeof reason);
    base_error answer = {0};
    end->refused = false;
    /* A part that came in time says that the whole is too long for the line, not that nobody is there. */
    if (result == NET_TIMEOUT ? reply.body.len > 0 : reply.status == 413) rpc->too_much = true;
    if (result) {
        net_failure(rpc, end, result, reason, error);
    } else if (eth_batch_read(batch, first, count, reply.body.data, reply.body.len, &answer)) {
        read_failure(end, reply.status, &answer, error);
        base_error_context(error, "%s", end->shown);
    }
    base_buf_free(&reply.body);
    base_buf_free(&body);
    return error->code;
}

static int one_by_one(eth_rpc *rpc, endpoint *end, eth_batch *batch, base_error *error)
{
    for (size_t i = 0; i < batch->count; i++)
        if (exchange(rpc, end, batch, i, 1, error)) return error->code;
    return 0;
}

static int check_chain(eth_rpc *rpc, const endpoint *end, const eth_batch *batch, base_error *error)
{
    uint64_t chain_id;
    const eth_request *request = &batch->requests[0];
    if (strcmp(request->method, "eth_chainId") != 0) return 0;
    if (eth_request_check(request, error)) {
        base_error_context(error, "%s", end->shown);
        return error->code;
    }
    if (!eth_quantity_u64(request->result, &chain_id) || !chain_id)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node at %s answered no chain id", end->shown);
    if (rpc->chain_id && chain_id != rpc->chain_id)
        return base_fail(error, DSTACK_P2P_ERR_WRONG_CHAIN,
                         "the node at %s is on chain %llu, not on chain %llu; check RPC_URL and CHAIN_ID",
                         end->shown, (unsigned long long)chain_id, (unsigned long long)rpc->chain_id);
    rpc->chain_id = chain_id;
    return 0;
}

static int ask(eth_rpc *rpc, endpoint *end, eth_batch *batch, base_error *error)
{
    bool split = batch->count > 1 && end->singles > 0;
    eth_batch_forget_answers(batch);
    if (!split && exchange(rpc, end, batch, 0, batch->count, error) && end->refused && batch->count > 1) {
        base_log_write(rpc->log, DSTACK_P2P_LOG_INFO, "batch refused, asking one by one: %s", error->text);
        base_error_clear(error);
        eth_batch_forget_answers(batch);
        end->singles = SINGLES;
        split = true;
    }
    if (split) {
        end->singles--;
        one_by_one(rpc, end, batch, error);
    }
    return error->code ? error->code : check_chain(rpc, end, batch, error);
}

/* Whether another node may do better. */
static bool is_endpoints_fault(int code)
{
    return code >= DSTACK_P2P_ERR_RPC_UNREACHABLE && code <= DSTACK_P2P_ERR_WRONG_CHAIN;
}

int eth_rpc_send(eth_rpc *rpc, eth_batch *batch, base_error *error)
{
    base_error first = {0};
    rpc->too_much = false;
    for (size_t tries = 0; tries < rpc->count; tries++) {
        base_error problem = {0};
        endpoint *end = &rpc->endpoints[rpc->current];
        int code = ask(rpc, end, batch, &problem);
        if (!code) return 0;
        base_fail(&first, code, "%s", problem.text);
        if (!is_endpoints_fault(code)) return base_fail(error, code, "%s", problem.text);
        if (rpc->count > 1) base_log_write(rpc->log, DSTACK_P2P_LOG_WARNING, "%s", problem.text);
        rpc->current = (rpc->current + 1) % rpc->count;
    }
    return base_fail(error, first.code, "%s", first.text);
}

void eth_rpc_begin(eth_batch *batch)
{
    eth_batch_init(batch);
    eth_batch_add(batch, "eth_chainId", "[]");
}

uint64_t eth_rpc_chain_id(const eth_rpc *rpc)
{
    return rpc->chain_id;
}

bool eth_rpc_was_too_much(const eth_rpc *rpc)
{
    return rpc->too_much;
}

uint64_t eth_rpc_round_trips(const eth_rpc *rpc)
{
    return rpc->round_trips;
}
