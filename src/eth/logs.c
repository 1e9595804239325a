/* SPDX-License-Identifier: MIT */
#include "eth/logs.h"

#include "eth/quantity.h"
#include "eth/refusal.h"

enum {
    USUAL_LIMIT = 10000, /* the largest number of blocks that nodes with a limit allow */
    GROW_AFTER = 64,
    HALVINGS_MAX = 40,
    TIMEOUTS_MAX = 2,
    PARAMS_MAX = 8192
};

static uint32_t at_once(const eth_log_limits *limits)
{
    return limits->at_once ? limits->at_once : ETH_LOGS_AT_ONCE;
}

uint64_t eth_logs_reach(const eth_log_limits *limits)
{
    return limits->blocks ? limits->blocks * at_once(limits) : UINT64_MAX;
}

/* The last block of a request that begins at `from`. */
static uint64_t end_of(const eth_log_limits *limits, uint64_t from, uint64_t to)
{
    return limits->blocks && to - from >= limits->blocks ? from + limits->blocks - 1 : to;
}

/* ---- Asking ---- */

static void put_hash(base_buf *out, const uint8_t hash32[static 32])
{
    base_buf_puts(out, "\"0x");
    base_buf_hex(out, hash32, 32);
    base_buf_puts(out, "\"");
}

static void put_filter(base_buf *out, const eth_log_filter *filter, uint64_t from, uint64_t to)
{
    base_buf_puts(out, "[{\"address\":\"0x");
    base_buf_hex(out, filter->contract20, 20);
    base_buf_printf(out, "\",\"fromBlock\":\"0x%llx\",\"toBlock\":\"0x%llx\",\"topics\":[",
                    (unsigned long long)from, (unsigned long long)to);
    put_hash(out, filter->topic32);
    for (size_t i = 0; i < filter->second_count; i++) {
        base_buf_puts(out, i ? "," : ",[");
        put_hash(out, filter->seconds[i]);
    }
    base_buf_puts(out, filter->second_count ? "]]}]" : "]}]");
}

/* As many requests as go into an exchange; the number of the newest block with them. */
static void fill(eth_log_answer *answer, const eth_log_limits *limits, const eth_log_filter *filter,
                 uint64_t from, uint64_t to)
{
    base_buf params = base_buf_make(PARAMS_MAX);
    eth_rpc_begin(&answer->batch);
    eth_batch_add(&answer->batch, "eth_blockNumber", "[]");
    answer->first = answer->batch.count;
    for (uint32_t i = 0; i < at_once(limits) && from <= to; i++) {
        uint64_t end = end_of(limits, from, to);
        base_buf_reset(&params);
        put_filter(&params, filter, from, end);
        eth_batch_add_params(&answer->batch, "eth_getLogs", &params);
        if (end == to) break;
        from = end + 1;
    }
    base_buf_free(&params);
}

/* ---- Asking for less ---- */

/* False when there is nothing left to halve. */
static bool halve_blocks(eth_log_limits *limits, uint64_t span)
{
    uint64_t blocks = limits->blocks ? limits->blocks : UINT64_MAX;
    if (blocks > span) blocks = span;
    limits->smooth = 0;
    if (blocks <= 1) return false;
    limits->blocks = blocks / 2 > USUAL_LIMIT ? USUAL_LIMIT : blocks / 2;
    return true;
}

/* What is too much altogether is asked in fewer requests first. */
static bool halve_exchange(eth_log_limits *limits, size_t requests, uint64_t span)
{
    if (requests < 2) return halve_blocks(limits, span);
    limits->smooth = 0;
    limits->at_once = (uint32_t)requests / 2;
    return true;
}

/* Once in a while more again: the node may only have been busy. */
static void went_well(eth_log_limits *limits)
{
    bool limited = limits->blocks || limits->at_once;
    if (!limited || ++limits->smooth < GROW_AFTER) return;
    limits->smooth = 0;
    limits->at_once = limits->at_once * 2 < ETH_LOGS_AT_ONCE ? limits->at_once * 2 : 0;
    limits->blocks = limits->blocks < UINT32_MAX ? limits->blocks * 2 : 0;
}

/* ---- Answers ---- */

static int check_head(eth_log_answer *answer, uint64_t to, base_error *error)
{
    const eth_request *request = &answer->batch.requests[answer->first - 1];
    if (eth_request_check(request, error)) return error->code;
    if (!eth_quantity_u64(request->result, &answer->head))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's block number is none");
    if (answer->head >= to) return 0;
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                     "the node is at block %llu, and its logs are asked for up to %llu",
                     (unsigned long long)answer->head, (unsigned long long)to);
}

/* Takes what is answered from the beginning; whether the rest was refused for its size. An error only when
 * nothing is answered and less would not be either. */
static int take(eth_log_answer *answer, const eth_log_limits *limits, uint64_t from, uint64_t to,
                bool *too_much, base_error *error)
{
    const eth_batch *batch = &answer->batch;
    answer->count = 0;
    answer->next = from;
    *too_much = false;
    for (size_t i = answer->first; i < batch->count; i++, answer->count++) {
        const eth_request *request = &batch->requests[i];
        *too_much = eth_request_refusal(request) == ETH_TOO_MUCH;
        if (*too_much || (request->has_error && answer->count)) return 0;
        if (eth_request_check(request, error)) return error->code;
        if (!json_is_array(request->result))
            return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's answer to eth_getLogs is no list");
        answer->next = end_of(limits, answer->next, to) + 1;
    }
    return 0;
}

/* Whether an exchange that failed may pass when less is asked for. */
static bool was_too_much(const eth_rpc *rpc, const eth_log_answer *answer, unsigned *timeouts,
                         const base_error *error)
{
    if (error->code == DSTACK_P2P_ERR_RPC_TIMEOUT && ++*timeouts > TIMEOUTS_MAX) return false;
    return answer->batch.too_large || eth_rpc_was_too_much(rpc);
}

/* One exchange. *again: nothing is answered yet, and less is to be asked for. */
static int exchange(eth_rpc *rpc, eth_log_limits *limits, uint64_t from, uint64_t to, eth_log_answer *answer,
                    unsigned *timeouts, bool *again, base_error *error)
{
    bool too_much;
    size_t requests = answer->batch.count - answer->first;
    uint64_t span = to - from < UINT64_MAX ? to - from + 1 : UINT64_MAX;
    *again = false;
    if (eth_rpc_send(rpc, &answer->batch, error)) {
        *again = was_too_much(rpc, answer, timeouts, error) && halve_exchange(limits, requests, span);
        if (*again) base_error_clear(error);
        return error->code;
    }
    if (check_head(answer, to, error) || take(answer, limits, from, to, &too_much, error)) return error->code;
    if (!too_much) {
        went_well(limits);
        return 0;
    }
    bool halved = halve_blocks(limits, span);
    *again = !answer->count && halved;
    return answer->count || halved ? 0 : eth_request_check(&answer->batch.requests[answer->first], error);
}

int eth_logs_ask(eth_rpc *rpc, eth_log_limits *limits, const eth_log_filter *filter, uint64_t from,
                 uint64_t to, eth_log_answer *answer, base_error *error)
{
    unsigned timeouts = 0;
    bool again = true;
    eth_batch_init(&answer->batch);
    for (int i = 0; i < HALVINGS_MAX && again; i++) {
        eth_batch_free(&answer->batch);
        fill(answer, limits, filter, from, to);
        if (exchange(rpc, limits, from, to, answer, &timeouts, &again, error)) return error->code;
    }
    if (!again) return 0;
    return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR, "the node refuses eth_getLogs of any size");
}
