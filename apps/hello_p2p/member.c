/* SPDX-License-Identifier: MIT */
#include "member.h"
#include "log.h"
#include "stop.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 30000, URL_MAX_BYTES = 257 };

static int fail(dstack_p2p *sdk)
{
    return stop_requested() ? 0 : log_fatal(dstack_p2p_errcode(sdk), "%s", dstack_p2p_errmsg(sdk));
}

static void close_handle(dstack_p2p *sdk)
{
    stop_cancels(NULL);
    dstack_p2p_free(sdk);
}

static int open_handle(const hello_options *options, const char *url, dstack_p2p **sdk)
{
    *sdk = dstack_p2p_new_with_options(options->contract, url, &options->sdk);
    if (!*sdk) return log_fatal(DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    stop_cancels(*sdk);
    return dstack_p2p_errcode(*sdk) ? fail(*sdk) : 0;
}

/* The gateway's URL holds the instance id, which a first handle has to ask for. */
static int gateway_url(const hello_options *options, uint16_t port, char *out, size_t size)
{
    dstack_p2p *sdk = NULL;
    int status = open_handle(options, NULL, &sdk);
    const char *id = sdk && !status ? dstack_p2p_instance_id(sdk) : NULL;
    if (!status && !id) status = fail(sdk);
    if (id && !url_from_port(out, size, port, id, options->gateway_domain))
        status = log_fatal(DSTACK_P2P_ERR_CONFIG, "DSTACK_GATEWAY_DOMAIN is too long");
    close_handle(sdk);
    return status;
}

static int choose_url(const hello_options *options, uint16_t port, char *out, size_t size)
{
    if (options->gateway_domain) return gateway_url(options, port, out, size);
    url_from_port(out, size, port, NULL, NULL);
    return 0;
}

/* Outside dev mode the contract takes only URLs under its base domains, which are names: so whoever publishes
 * an address that is not public is in dev mode, among others of the kind. */
static bool meets_private_peers(const hello_options *options, const char *url)
{
    if (options->private_peers != PRIVATE_PEERS_AUTO) return options->private_peers == PRIVATE_PEERS_ALLOW;
    return !url_is_public(url);
}

int member_open(hello_node *self, const hello_options *options, uint16_t port, dstack_p2p **sdk)
{
    char chosen[URL_MAX_BYTES] = "";
    node_set_registered(self, 0, "waiting for the guest agent");
    int status = options->url ? 0 : choose_url(options, port, chosen, sizeof chosen);
    if (status || stop_requested()) return status;
    status = open_handle(options, options->url ? options->url : chosen, sdk);
    if (status) return status;
    const char *id = dstack_p2p_instance_id(*sdk);
    if (!id) return fail(*sdk);
    log_info("instance %s, contract %s, publishing %s", id, dstack_p2p_contract_address(*sdk),
             dstack_p2p_connection_url(*sdk));
    self->private_peers = meets_private_peers(options, dstack_p2p_connection_url(*sdk));
    log_info("peers at private addresses are %s; see --private-peers",
             self->private_peers ? "greeted, too" : "not greeted");
    if (node_set_identity(self, id, dstack_p2p_contract_address(*sdk), dstack_p2p_connection_url(*sdk)))
        return 0;
    return log_fatal(DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
}

static uint32_t longer(uint32_t pause_ms)
{
    return pause_ms < RETRY_MAX_MS / 2 ? 2 * pause_ms : RETRY_MAX_MS;
}

/* After a registration call. One that was cancelled before it sent anything changed nothing. */
static hello_standing standing_after(hello_standing before, int code)
{
    if (!code) return STANDING_LISTED;
    if (code == DSTACK_P2P_ERR_CANCELLED) return before;
    return code == DSTACK_P2P_ERR_UNCONFIRMED || before != STANDING_NOTHING_SENT ? STANDING_UNKNOWN : before;
}

/* One registration call; its outcome is what /health says. */
static int attempt(hello_node *self, dstack_p2p *sdk)
{
    int code = dstack_p2p_register(sdk);
    self->standing = standing_after(self->standing, code);
    /* Known by now: nobody is asked for it. */
    if (!code) node_set_address(self, dstack_p2p_instance_address(sdk));
    if (code != DSTACK_P2P_ERR_CANCELLED)
        node_set_registered(self, dstack_p2p_chain_id(sdk), code ? dstack_p2p_errmsg(sdk) : NULL);
    return code;
}

int member_join(hello_node *self, dstack_p2p *sdk, uint32_t retry_s)
{
    uint64_t until_ms = node_now_ms() + (uint64_t)retry_s * 1000;
    node_set_registered(self, 0, "registering");
    for (uint32_t pause_ms = RETRY_FIRST_MS;; pause_ms = longer(pause_ms)) {
        int code = attempt(self, sdk);
        if (!code) log_info("registered");
        if (!code || stop_requested()) return 0;
        if (!dstack_p2p_code_is_transient(code) || node_now_ms() + pause_ms > until_ms) return fail(sdk);
        log_warning("not registered yet: %s", dstack_p2p_errmsg(sdk));
        if (stop_wait(-1, pause_ms)) return 0;
    }
}

/* The SDK's keeper renews the lease, and registers again what was lost; what it has come to stands in its
 * status, which /health shows. */
void member_stay(hello_node *self, dstack_p2p *sdk)
{
    dstack_p2p_status status;
    while (!stop_wait(-1, INT32_MAX))
        continue;
    if (dstack_p2p_monitor_status(sdk, &status)) return;
    bool is_read = status.age_ms != UINT64_MAX;
    if ((is_read && !status.registered) || status.keep_code == DSTACK_P2P_ERR_UNCONFIRMED)
        self->standing = STANDING_UNKNOWN;
}

static int leave(hello_node *self, dstack_p2p *sdk)
{
    static const char sentence[] = "not withdrawn, the contract may list this node: %s";
    if (!sdk) return log_fatal(DSTACK_P2P_ERR_CANCELLED, sentence, "the guest agent has not answered yet");
    dstack_p2p_resume(sdk);
    node_set_registered(self, 0, "withdrawing");
    if (dstack_p2p_withdraw(sdk)) return log_fatal(dstack_p2p_errcode(sdk), sentence, dstack_p2p_errmsg(sdk));
    log_info("withdrawn: the contract does not list this node");
    return 0;
}

int member_part(hello_node *self, dstack_p2p *sdk, bool withdraw)
{
    if (withdraw) return leave(self, sdk);
    if (self->standing == STANDING_LISTED)
        log_info("ended: the contract lists this node until its lease ends; see --withdraw");
    else if (self->standing == STANDING_UNKNOWN)
        log_warning("ended: the contract may list this node, a registration is not confirmed");
    else
        log_info("ended: no registration was sent");
    return 0;
}
