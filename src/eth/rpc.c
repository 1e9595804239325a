/* SPDX-License-Identifier: MIT */
#include "eth/rpc.h"

#include "base/backoff.h"
#include "eth/pinned.h"
#include "eth/refusal.h"
#include "eth/turns.h"

#include <stdlib.h>
#include <string.h>

enum { PAUSE_FIRST_MS = 250, PAUSE_MAX_MS = 30000, WORTH_ASKING_MS = 50 };
enum { COMPLAINT_MS = 1000 }; /* as if it had taken so long to fail */

typedef struct endpoint {
    eth_pinned pinned;
    base_error problem; /* the last one */
} endpoint;

struct eth_rpc {
    endpoint endpoints[ETH_ENDPOINTS_MAX];
    eth_health health[ETH_ENDPOINTS_MAX];
    size_t count, last; /* the last one that answered */
    uint64_t next_id, chain_id, round_trips;
    bool too_much; /* an exchange of the last send failed for the size of its answer */
    bool doubtful; /* an endpoint that did not answer the last send may have taken its transactions */
    bool retries;
    uint32_t timeout_ms;
    int cancel_fd;
    const base_log *log;
    const base_clock *clock;
    const base_random *random;
};

/* One call, and what has happened to it so far. */
typedef struct call {
    eth_batch *batch;
    eth_turns turns;
    uint64_t now_ms, end_ms;
    uint32_t rounds;
    size_t last; /* the endpoint asked last */
    bool retries;
    bool has_answers; /* that one answered, and limited single requests */
    bool is_transaction;
    bool doubtful;      /* an endpoint may have taken it */
    base_error problem; /* the one to be told */
} call;

/* ---- Making one ---- */

static bool add_endpoint(eth_rpc *rpc, const char *url, eth_meter *meter)
{
    eth_node *node = &rpc->endpoints[rpc->count++].pinned.node;
    node->clock = rpc->clock;
    node->log = rpc->log;
    node->meter = meter;
    return eth_node_open(node, url, rpc->timeout_ms, rpc->cancel_fd);
}

eth_rpc *eth_rpc_new(const eth_rpc_config *config)
{
    char url[ETH_ENDPOINT_URL];
    eth_rpc *rpc = calloc(1, sizeof *rpc);
    if (!rpc) return NULL;
    rpc->log = config->log;
    rpc->clock = config->clock ? config->clock : base_clock_system();
    rpc->random = config->random ? config->random : base_random_system();
    rpc->cancel_fd = config->cancel_fd;
    rpc->chain_id = config->chain_id;
    rpc->timeout_ms = config->timeout_ms ? config->timeout_ms : 1;
    rpc->retries = config->retries;
    rpc->next_id = 1;
    while (rpc->count < ETH_ENDPOINTS_MAX && eth_endpoints_for_calls(config->urls, rpc->count, url))
        if (!add_endpoint(rpc, url, config->meter)) {
            eth_rpc_free(rpc);
            return NULL;
        }
    return rpc;
}

void eth_rpc_free(eth_rpc *rpc)
{
    if (!rpc) return;
    for (size_t i = 0; i < rpc->count; i++)
        eth_node_close(&rpc->endpoints[i].pinned.node);
    free(rpc);
}

/* ---- One endpoint ---- */

/* Whether another endpoint may do better. */
static bool is_endpoints_fault(int code)
{
    return code >= DSTACK_P2P_ERR_RPC_UNREACHABLE && code <= DSTACK_P2P_ERR_WRONG_CHAIN;
}

/* The first limit of the rate that was answered to a single request. */
static void find_limit(const endpoint *end, const eth_batch *batch, base_error *problem)
{
    for (size_t i = 0; i < batch->count && !problem->code; i++)
        if (eth_request_is_limited(&batch->requests[i])) eth_request_check(&batch->requests[i], problem);
    base_error_context(problem, "%s", end->pinned.node.shown);
}

/* What the outcome of a try says about the endpoint. */
static void note_health(eth_rpc *rpc, size_t i, const eth_try *it, const base_error *problem,
                        uint64_t spent_ms, uint64_t now_ms)
{
    eth_health *health = &rpc->health[i];
    rpc->endpoints[i].problem = *problem;
    if (problem->code != DSTACK_P2P_ERR_RPC_UNREACHABLE) health->was_reached = true;
    if (!problem->code)
        eth_health_went_well(health);
    else if (problem->code == DSTACK_P2P_ERR_WRONG_CHAIN)
        health->refused = true;
    else if (it->limited || it->retry_after_ms)
        eth_health_limited(health, now_ms, it->retry_after_ms, rpc->random);
    else
        eth_health_failed(health, now_ms, spent_ms, rpc->random);
    if (health->refused)
        base_log_write(rpc->log, DSTACK_P2P_LOG_WARNING, "%s; it is not asked again", problem->text);
    else if (problem->code && rpc->count > 1)
        base_log_write(rpc->log, DSTACK_P2P_LOG_WARNING, "%s", problem->text);
}

/* ---- One call ---- */

static bool is_transaction(const eth_batch *batch)
{
    static const char prefix[] = "eth_sendRaw";
    return batch->count && strncmp(batch->requests[0].method, prefix, sizeof prefix - 1) == 0;
}

static call begin(const eth_rpc *rpc, eth_batch *batch)
{
    uint64_t now = base_now_ms(rpc->clock);
    return (call){.batch = batch,
                  .turns = {.health = rpc->health, .count = rpc->count, .start_ms = now},
                  .now_ms = now,
                  .end_ms = now + rpc->timeout_ms,
                  .is_transaction = is_transaction(batch),
                  .retries = rpc->retries};
}

static void note_problem(call *it, const eth_try *tried, const base_error *problem)
{
    bool first = !it->problem.code || it->problem.code == DSTACK_P2P_ERR_WRONG_CHAIN;
    bool in_doubt = it->is_transaction && tried->doubtful;
    if (first || (in_doubt && !it->doubtful)) it->problem = *problem;
    it->doubtful |= in_doubt;
    if (!tried->passing) it->turns.out |= UINT32_C(1) << it->last;
}

/* The time an endpoint gets: half of what is left while others have not had their turn. */
static eth_try make_try(eth_rpc *rpc, const call *it)
{
    uint64_t left = it->end_ms - it->now_ms;
    if (eth_turns_left(&it->turns, it->now_ms) > 1) left = (left + 1) / 2;
    return (eth_try){.within_ms = (uint32_t)left, .end_ms = it->now_ms + left, .next_id = &rpc->next_id};
}

/* One turn. Whether the call is over: it went well, or failed in a way that is no endpoint's fault. */
static bool take_turn(eth_rpc *rpc, call *it, size_t i, base_error *error)
{
    base_error problem = {0};
    endpoint *end = &rpc->endpoints[i];
    uint64_t began = it->now_ms;
    eth_try tried = make_try(rpc, it);
    it->turns.had |= UINT32_C(1) << i;
    it->last = i;
    eth_pinned_ask(&end->pinned, &rpc->chain_id, it->batch, &tried, &problem);
    it->now_ms = base_now_ms(rpc->clock);
    rpc->round_trips += tried.exchanges;
    rpc->too_much |= tried.too_much;
    it->has_answers = !problem.code;
    if (problem.code && !is_endpoints_fault(problem.code))
        return base_fail(error, problem.code, "%s", problem.text);
    if (!problem.code && tried.limited) find_limit(end, it->batch, &problem);
    note_health(rpc, i, &tried, &problem, it->now_ms - began, it->now_ms);
    if (problem.code) note_problem(it, &tried, &problem);
    rpc->doubtful = it->doubtful;
    return !problem.code;
}

/* Waits until there can be another round; false when there is none, or the call is cancelled. */
static bool await_round(const eth_rpc *rpc, call *it, base_error *error)
{
    if (!it->retries || it->doubtful) return false;
    uint64_t pause = base_backoff_ms(++it->rounds, PAUSE_FIRST_MS, PAUSE_MAX_MS, rpc->random);
    uint64_t again = eth_turns_again(&it->turns, it->now_ms, pause);
    if (again >= it->end_ms || it->end_ms - again < WORTH_ASKING_MS) return false;
    base_log_write(rpc->log, DSTACK_P2P_LOG_INFO, "asking again in %llu ms: %s",
                   (unsigned long long)(again - it->now_ms), it->problem.text);
    if (base_wait(rpc->clock, rpc->cancel_fd, again - it->now_ms)) {
        base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting to ask the node again");
        return false;
    }
    it->now_ms = base_now_ms(rpc->clock);
    it->turns.had = 0;
    return true;
}

/* The endpoint that keeps the call from asking anybody; all of them are barred or refused. */
static const base_error *find_obstacle(const eth_rpc *rpc, const call *it)
{
    const base_error *refused = NULL;
    for (size_t i = 0; i < rpc->count; i++) {
        if (it->turns.out & UINT32_C(1) << i) continue;
        if (!rpc->health[i].refused) return &rpc->endpoints[i].problem;
        if (!refused) refused = &rpc->endpoints[i].problem;
    }
    return refused;
}

/* Seconds until the first endpoint that is barred may be asked, rounded up; 0 when one is not. */
static uint64_t barred_seconds(const call *it)
{
    uint64_t until = eth_turns_again(&it->turns, it->now_ms, 0);
    return until == UINT64_MAX || until <= it->now_ms ? 0 : (until - it->now_ms + 999) / 1000;
}

static int give_up(const eth_rpc *rpc, const call *it, base_error *error)
{
    uint64_t seconds = barred_seconds(it);
    const base_error *problem = it->problem.code ? &it->problem : find_obstacle(rpc, it);
    if (it->has_answers) return 0;
    if (seconds)
        return base_fail(error, problem->code, "%s; ask again in %llu s", problem->text,
                         (unsigned long long)seconds);
    return base_fail(error, problem->code, "%s", problem->text);
}

static int run(eth_rpc *rpc, call *it, base_error *error)
{
    size_t next;
    rpc->too_much = rpc->doubtful = false;
    do {
        while (it->now_ms < it->end_ms && eth_turns_next(&it->turns, it->now_ms, &next))
            if (take_turn(rpc, it, next, error)) return error->code;
    } while (await_round(rpc, it, error));
    return error->code ? error->code : give_up(rpc, it, error);
}

/* ---- From outside ---- */

int eth_rpc_send(eth_rpc *rpc, eth_batch *batch, base_error *error)
{
    call it = begin(rpc, batch);
    if (!run(rpc, &it, error)) rpc->last = it.last;
    return error->code;
}

int eth_rpc_send_elsewhere(eth_rpc *rpc, eth_batch *batch, base_error *error)
{
    call it = begin(rpc, batch);
    it.retries = false;
    it.turns.out = UINT32_C(1) << rpc->last;
    if (!eth_turns_left(&it.turns, it.now_ms))
        return base_fail(error, DSTACK_P2P_ERR_STATE, "no other RPC endpoint can be asked now");
    return run(rpc, &it, error);
}

void eth_rpc_complain(eth_rpc *rpc)
{
    eth_health_failed(&rpc->health[rpc->last], base_now_ms(rpc->clock), COMPLAINT_MS, rpc->random);
}

void eth_rpc_begin(eth_batch *batch)
{
    eth_pinned_begin(batch);
}

size_t eth_rpc_endpoints(const eth_rpc *rpc)
{
    size_t count = 0;
    for (size_t i = 0; i < rpc->count; i++)
        count += !rpc->health[i].refused;
    return count;
}

uint64_t eth_rpc_chain_id(const eth_rpc *rpc)
{
    return rpc->chain_id;
}

void eth_rpc_pin_chain(eth_rpc *rpc, uint64_t chain_id)
{
    if (rpc->chain_id == chain_id) return;
    rpc->chain_id = chain_id;
    for (size_t i = 0; i < rpc->count; i++)
        rpc->endpoints[i].pinned.is_verified = rpc->health[i].refused = false;
}

bool eth_rpc_was_too_much(const eth_rpc *rpc)
{
    return rpc->too_much;
}

bool eth_rpc_was_doubtful(const eth_rpc *rpc)
{
    return rpc->doubtful;
}

int eth_rpc_cancel_fd(const eth_rpc *rpc)
{
    return rpc->cancel_fd;
}

uint64_t eth_rpc_round_trips(const eth_rpc *rpc)
{
    return rpc->round_trips;
}
