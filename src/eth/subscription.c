/* SPDX-License-Identifier: MIT */
#include "eth/subscription.h"

#include "base/event.h"
#include "base/hex.h"
#include "net/url.h"
#include "net/websocket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 128 * 1024, CONNECT_MS = 3000, QUIET_MS = 15000, ANSWER_MS = 10000 };

/* The requests, by their ids. */
enum { ASK_CHAIN = 1, ASK_HEADS, ASK_LOGS };

struct eth_subscription {
    net_websocket *socket;
    const base_clock *clock;
    char shown[NET_URL_TEXT], heads[ETH_SUBSCRIPTION_TEXT], logs[ETH_SUBSCRIPTION_TEXT];
    uint64_t chain_id;
    bool has_chain, more, has_head;
    eth_head head; /* the last one */

    uint64_t received, heard_ms; /* bytes so far, and when the last one had come */
    bool pinged;
    uint64_t pinged_ms;

    eth_hints *hints; /* of the read that is under way */
    eth_log_fn on_log;
    void *context;
    base_error *error;
};

/* ---- Messages ---- */

static void take_head(eth_subscription *it, const eth_head *head)
{
    const eth_head *last = &it->head;
    bool follows = head->number > last->number && head->number - last->number == 1;
    /* A node may leave blocks out; one that stands where another one stood, or on another one, may not. */
    bool fits = follows ? !memcmp(head->parent32, last->hash32, 32) : head->number > last->number;
    bool again = head->number == last->number && !memcmp(head->hash32, last->hash32, 32);
    if (it->has_head && !fits && !again) it->hints->broken = true;
    it->has_head = true;
    it->head = *head;
    it->hints->has_head = true;
    it->hints->head = *head;
}

static void take_log(eth_subscription *it, const eth_notice *notice)
{
    eth_hints *hints = it->hints;
    if (!hints->has_log || notice->log_number > hints->log_number) hints->log_number = notice->log_number;
    hints->has_log = true;
    hints->broken |= notice->removed;
    if (it->on_log) it->on_log(it->context, notice->log, notice->removed);
}

static int check_chain(eth_subscription *it, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long chain_id = strtoull(text, &end, 16);
    if (strncmp(text, "0x", 2) != 0 || *end || !chain_id || errno)
        return base_fail(it->error, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered no chain id");
    it->has_chain = true;
    if (!it->chain_id) it->chain_id = chain_id;
    if (chain_id == it->chain_id) return 0;
    return base_fail(it->error, DSTACK_P2P_ERR_WRONG_CHAIN, "the node is on chain %llu, not on chain %llu",
                     chain_id, (unsigned long long)it->chain_id);
}

static void take_answer(eth_subscription *it, const eth_notice *notice)
{
    char *id = notice->id == ASK_HEADS ? it->heads : notice->id == ASK_LOGS ? it->logs : NULL;
    size_t len = strlen(notice->text);
    if (notice->id == ASK_CHAIN)
        check_chain(it, notice->text);
    else if (id && (!len || len >= ETH_SUBSCRIPTION_TEXT))
        base_fail(it->error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's subscription has no name, or a long one");
    else if (id)
        memcpy(id, notice->text, len + 1);
}

static void on_message(void *context, const char *text, size_t len)
{
    eth_subscription *it = context;
    eth_notice notice;
    if (it->error->code) return;
    if (eth_notice_read(text, len, &notice, it->error)) {
        eth_notice_free(&notice);
        return;
    }
    if (notice.kind == ETH_NOTICE_ANSWER) take_answer(it, &notice);
    if (notice.kind == ETH_NOTICE_REFUSAL)
        base_fail(it->error, DSTACK_P2P_ERR_RPC_ERROR, "the node refuses %s: %s",
                  notice.id == ASK_CHAIN ? "eth_chainId" : "a subscription", notice.text);
    if (notice.kind == ETH_NOTICE_HEAD && !strcmp(notice.subscription, it->heads))
        take_head(it, &notice.head);
    if (notice.kind == ETH_NOTICE_LOG && !strcmp(notice.subscription, it->logs)) take_log(it, &notice);
    eth_notice_free(&notice);
}

int eth_subscription_read(eth_subscription *it, eth_hints *hints, eth_log_fn on_log, void *context,
                          base_error *error)
{
    base_error problem = {0};
    it->hints = hints;
    it->on_log = on_log;
    it->context = context;
    it->error = &problem;
    bool alive = net_websocket_receive(it->socket, on_message, it, &it->more);
    uint64_t received = net_websocket_received(it->socket);
    if (received != it->received) {
        it->received = received;
        it->heard_ms = base_now_ms(it->clock);
        it->pinged = false;
    }
    if (!alive) base_fail(&problem, DSTACK_P2P_ERR_RPC_UNREACHABLE, "the connection has ended");
    if (!problem.code) return 0;
    return base_fail(error, problem.code, "the WebSocket of %s: %s", it->shown, problem.text);
}

/* ---- Opening ---- */

static int net_failure(const eth_subscription *it, net_result result, const char *reason, base_error *error)
{
    int code = result == NET_CANCELLED   ? DSTACK_P2P_ERR_CANCELLED
               : result == NET_NO_MEMORY ? DSTACK_P2P_ERR_NO_MEMORY
               : result == NET_TIMEOUT   ? DSTACK_P2P_ERR_RPC_TIMEOUT
                                         : DSTACK_P2P_ERR_RPC_UNREACHABLE;
    return base_fail(error, code, "no WebSocket to %s: %s", it->shown, reason);
}

static int connect_to(eth_subscription *it, const eth_subscription_config *config, base_error *error)
{
    char reason[256];
    net_websocket_config net = {.url = config->url,
                                .connect_ms = CONNECT_MS,
                                .total_ms = config->timeout_ms,
                                .max_message = MESSAGE_MAX,
                                .cancel_fd = config->cancel_fd};
    net_result result = net_websocket_open(&net, &it->socket, reason, sizeof reason);
    return result ? net_failure(it, result, reason, error) : 0;
}

static int ask(eth_subscription *it, int id, const char *method, const char *params, base_error *error)
{
    char text[512];
    int len = snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":[%s]}",
                       id, method, params);
    if (net_websocket_send(it->socket, text, (size_t)len)) return 0;
    return net_failure(it, NET_UNREACHABLE, "the connection broke", error);
}

static int ask_all(eth_subscription *it, const uint8_t contract20[static 20], base_error *error)
{
    char contract[41], filter[96];
    base_hex_encode(contract20, 20, contract);
    snprintf(filter, sizeof filter, "\"logs\",{\"address\":\"0x%s\"}", contract);
    return ask(it, ASK_CHAIN, "eth_chainId", "", error) ||
                   ask(it, ASK_HEADS, "eth_subscribe", "\"newHeads\"", error) ||
                   ask(it, ASK_LOGS, "eth_subscribe", filter, error)
               ? error->code
               : 0;
}

static int await_answers(eth_subscription *it, const eth_subscription_config *config, uint64_t end_ms,
                         base_error *error)
{
    eth_hints ignored = {0};
    while (!eth_subscription_read(it, &ignored, NULL, NULL, error)) {
        struct pollfd items[] = {{.fd = net_websocket_fd(it->socket), .events = POLLIN},
                                 {.fd = config->cancel_fd, .events = POLLIN}};
        uint64_t now = base_now_ms(base_clock_system());
        if (it->has_chain && *it->heads && *it->logs) return 0;
        if (base_event_is_set(config->cancel_fd)) return net_failure(it, NET_CANCELLED, "cancelled", error);
        if (now >= end_ms) return net_failure(it, NET_TIMEOUT, "no answer to eth_subscribe", error);
        if (!it->more) (void)poll(items, 2, (int)(end_ms - now));
    }
    return error->code;
}

eth_subscription *eth_subscription_open(const eth_subscription_config *config, base_error *error)
{
    /* Real time: it is the network that is waited for. */
    uint64_t end_ms = base_now_ms(base_clock_system()) + config->timeout_ms;
    eth_subscription *it = calloc(1, sizeof *it);
    if (!it) {
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
        return NULL;
    }
    net_url_redact(config->url, it->shown);
    it->clock = config->clock;
    it->chain_id = config->chain_id;
    it->heard_ms = base_now_ms(config->clock);
    if (!connect_to(it, config, error) && !ask_all(it, config->contract20, error) &&
        !await_answers(it, config, end_ms, error))
        return it;
    eth_subscription_free(it);
    return NULL;
}

/* ---- Open ---- */

bool eth_subscription_has_more(const eth_subscription *it)
{
    return it->more;
}

uint64_t eth_subscription_chain_id(const eth_subscription *it)
{
    return it->chain_id;
}

uint64_t eth_subscription_due_ms(const eth_subscription *it)
{
    return it->pinged ? it->pinged_ms + ANSWER_MS : it->heard_ms + QUIET_MS;
}

int eth_subscription_tend(eth_subscription *it, base_error *error)
{
    uint64_t now = base_now_ms(it->clock);
    if (now < eth_subscription_due_ms(it)) return 0;
    if (it->pinged)
        return base_fail(error, DSTACK_P2P_ERR_RPC_TIMEOUT,
                         "the WebSocket of %s: no sign of life for %llu seconds", it->shown,
                         (unsigned long long)(now - it->heard_ms) / 1000);
    it->pinged = true;
    it->pinged_ms = now;
    if (net_websocket_ping(it->socket)) return 0;
    return base_fail(error, DSTACK_P2P_ERR_RPC_UNREACHABLE, "the WebSocket of %s: the connection has ended",
                     it->shown);
}

int eth_subscription_fd(const eth_subscription *it)
{
    return net_websocket_fd(it->socket);
}

void eth_subscription_free(eth_subscription *it)
{
    if (!it) return;
    net_websocket_free(it->socket);
    free(it);
}
