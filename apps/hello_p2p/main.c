/* SPDX-License-Identifier: MIT */

/*
 * hello_p2p: the demonstration of dstack-p2p. Seven threads: the main one for membership, one for signals,
 * the HTTP server's, the one that tells its page what is new, the greeter's, the SDK's monitor and its
 * keeper.
 */

#include "greeter.h"
#include "identity.h"
#include "listener.h"
#include "log.h"
#include "member.h"
#include "pulse.h"
#include "server.h"
#include "stop.h"
#include "watch.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From registered to stopped. */
static int be_member(hello_node *self, dstack_p2p *sdk)
{
    if (dstack_p2p_monitor_start(sdk, watch_change, self))
        return log_fatal(dstack_p2p_errcode(sdk), "%s", dstack_p2p_errmsg(sdk));
    node_set_watched(self, sdk);
    hello_greeter *greeter = greeter_start(self);
    if (greeter) member_stay(self, sdk);
    greeter_stop(greeter);
    node_set_watched(self, NULL);
    dstack_p2p_monitor_stop(sdk);
    return greeter ? 0 : log_fatal(DSTACK_P2P_ERR_SYSTEM, "cannot start a thread");
}

static int join_and_stay(hello_node *self, const hello_options *options, uint16_t port)
{
    dstack_p2p *sdk = NULL;
    int status = member_open(self, options, port, &sdk);
    bool open = !status && !stop_requested();
    if (open) status = member_join(self, sdk, options->retry_s);
    if (open && !status && !stop_requested()) status = be_member(self, sdk);
    if (!status) status = member_part(self, open ? sdk : NULL, options->withdraw);
    stop_cancels(NULL);
    dstack_p2p_free(sdk);
    return status;
}

/* Listening comes first: when the port is taken, nothing is on chain. */
static int serve(hello_node *self, const hello_options *options)
{
    uint16_t port = options->port;
    int fd = listener_open(options->listen, &port);
    if (fd < 0) return EXIT_LISTEN;
    hello_server *server = server_start(self, fd);
    hello_pulse *pulse = server ? pulse_start(self, server) : NULL;
    if (!pulse) {
        server_stop(server);
        return log_fatal(EXIT_LISTEN, "cannot start the HTTP server on port %u", port);
    }
    log_info("serving on %s port %u", options->listen, port);
    bool loopback = !strncmp(options->listen, "127.", 4) || !strcmp(options->listen, "::1");
    if (options->gateway_domain && loopback)
        log_warning("the gateway may not reach %s: see --listen", options->listen);
    int status = join_and_stay(self, options, port);
    pulse_stop(pulse);
    server_stop(server);
    return status;
}

static int run(const hello_options *options)
{
    static hello_node node;
    if (!stop_install() || !node_init(&node, options->sdk.poll_interval_ms))
        return log_fatal(DSTACK_P2P_ERR_SYSTEM, "cannot start a thread");
    int status = serve(&node, options);
    node_destroy(&node);
    return status;
}

int main(int argc, char **argv)
{
    hello_options options;
    /* Few threads that allocate little: one heap more than the main one's is enough. */
    mallopt(M_ARENA_MAX, 2);
    int status = options_parse(&options, argc, argv);
    if (status >= 0) return status;
    log_set_verbose(options.verbose);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return log_fatal(DSTACK_P2P_ERR_SYSTEM, "cannot start libcurl");
    status = options.identity ? identity_print(&options) : run(&options);
    curl_global_cleanup();
    return status;
}
