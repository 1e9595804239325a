/* SPDX-License-Identifier: MIT */
#include "cluster/listener.h"

#include "eth/endpoints.h"
#include "net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Where one is only hoped for it is not tried often, nor waited for long. Where one worked, or is known to
 * be, every second counts, but for a server that lets us wait. */
enum { OPEN_MS = 3000, GUESS_MS = 1500, URLS_MAX = 2 * ETH_ENDPOINTS_MAX };
enum { SOON_MS = 250, OFTEN_MS = 1000, SELDOM_MS = 30000, RARE_MS = 300000 };

/* ---- Where to look ---- */

static bool add(cluster_listener *listener, const char *url)
{
    if (listener->count == URLS_MAX) return true;
    char *copy = strdup(url);
    if (copy) listener->urls[listener->count++] = copy;
    return copy;
}

/* geth's WebSocket is one port above its HTTP. */
static bool add_next_port(cluster_listener *listener, const char *url)
{
    static const char port[] = ":8545";
    char other[ETH_ENDPOINT_URL];
    const char *at = strstr(url, port), *rest = at ? at + sizeof port - 1 : NULL;
    if (!at || (*rest && *rest != '/')) return true;
    snprintf(other, sizeof other, "%.*s:8546%s", (int)(at - url), url, rest);
    return add(listener, other);
}

static bool collect_given(cluster_listener *listener)
{
    char url[ETH_ENDPOINT_URL];
    for (size_t i = 0; eth_endpoints_for_subscriptions(listener->config->rpc_urls, i, url); i++)
        if (!add(listener, url)) return false;
    return true;
}

static bool collect_guesses(cluster_listener *listener)
{
    char url[ETH_ENDPOINT_URL];
    for (size_t i = 0; eth_endpoints_for_calls(listener->config->rpc_urls, i, url); i++)
        if (!add(listener, url) || !add_next_port(listener, url)) return false;
    return true;
}

static bool collect(cluster_listener *listener)
{
    if (!collect_given(listener)) return false;
    listener->given = listener->count;
    return listener->given || collect_guesses(listener);
}

static void set_transport(cluster_listener *listener, const char *name)
{
    snprintf(listener->transport, sizeof listener->transport, "%s", name);
}

bool cluster_listener_init(cluster_listener *listener, const cluster_config *config, const base_clock *clock,
                           int stop_fd, int wake_fd)
{
    *listener = (cluster_listener){.config = config,
                                   .clock = clock,
                                   .stop_fd = stop_fd,
                                   .wake_fd = wake_fd,
                                   .due_ms = base_now_ms(clock)};
    set_transport(listener, "poll");
    listener->urls = calloc(URLS_MAX, sizeof *listener->urls);
    return listener->urls && collect(listener);
}

/* ---- Opening ---- */

/* The next URL, and when to try it: at once while the list has not been gone through. */
static void plan(cluster_listener *listener, int code)
{
    bool sure = listener->given || listener->worked;
    uint64_t least = sure ? SOON_MS : SELDOM_MS, most = sure ? OFTEN_MS : RARE_MS, pause = 0;
    listener->next = (listener->next + 1) % listener->count;
    if (code == DSTACK_P2P_ERR_RPC_TIMEOUT || code == DSTACK_P2P_ERR_WRONG_CHAIN) least = most = SELDOM_MS;
    if (listener->next == 0) {
        pause = listener->pause_ms * 2;
        if (pause < least) pause = least;
        if (pause > most) pause = most;
        listener->pause_ms = pause;
    }
    listener->due_ms = base_now_ms(listener->clock) + pause;
}

static void open_next(cluster_listener *listener, uint64_t chain_id)
{
    base_error error = {0};
    char shown[NET_URL_TEXT];
    const char *url = listener->urls[listener->next];
    eth_subscription_config config = {.url = url,
                                      .chain_id = chain_id,
                                      .timeout_ms = listener->given || listener->worked ? OPEN_MS : GUESS_MS,
                                      .cancel_fd = listener->stop_fd,
                                      .clock = listener->clock};
    memcpy(config.contract20, listener->config->contract20, 20);
    listener->subscription = eth_subscription_open(&config, &error);
    if (!listener->subscription) {
        bool expected = !listener->given && !listener->worked;
        if (error.code != DSTACK_P2P_ERR_CANCELLED && !listener->pause_ms)
            base_log_write(&listener->config->log, expected ? DSTACK_P2P_LOG_DEBUG : DSTACK_P2P_LOG_WARNING,
                           "changes are looked for by polling: %s", error.text);
        plan(listener, error.code);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN};
    (void)epoll_ctl(listener->wake_fd, EPOLL_CTL_ADD, eth_subscription_fd(listener->subscription), &event);
    listener->worked = true;
    listener->pause_ms = 0;
    set_transport(listener, "subscription");
    net_url_redact(url, shown);
    base_log_write(&listener->config->log, DSTACK_P2P_LOG_INFO,
                   "changes are heard of by a subscription at %s", shown);
}

void cluster_listener_close(cluster_listener *listener, const char *why)
{
    if (!listener->subscription) return;
    eth_subscription_free(listener->subscription);
    listener->subscription = NULL;
    listener->due_ms = base_now_ms(listener->clock) + SOON_MS;
    set_transport(listener, "poll");
    base_log_write(&listener->config->log, DSTACK_P2P_LOG_INFO, "changes are looked for by polling: %s", why);
}

bool cluster_listener_tend(cluster_listener *listener, uint64_t chain_id)
{
    base_error error = {0};
    if (listener->subscription) {
        if (eth_subscription_tend(listener->subscription, &error))
            cluster_listener_close(listener, error.text);
        return false;
    }
    if (!listener->count || base_now_ms(listener->clock) < listener->due_ms) return false;
    open_next(listener, chain_id);
    return listener->subscription;
}

bool cluster_listener_read(cluster_listener *listener, eth_hints *hints, eth_log_fn on_log, void *context)
{
    base_error error = {0};
    if (!listener->subscription ||
        !eth_subscription_read(listener->subscription, hints, on_log, context, &error))
        return true;
    cluster_listener_close(listener, error.text);
    return false;
}

uint64_t cluster_listener_due_ms(const cluster_listener *listener)
{
    if (listener->subscription && eth_subscription_has_more(listener->subscription)) return 0;
    if (listener->subscription) return eth_subscription_due_ms(listener->subscription);
    return listener->count ? listener->due_ms : UINT64_MAX;
}

void cluster_listener_free(cluster_listener *listener)
{
    eth_subscription_free(listener->subscription);
    for (size_t i = 0; i < listener->count; i++)
        free(listener->urls[i]);
    free(listener->urls);
    *listener = (cluster_listener){.subscription = NULL};
}
