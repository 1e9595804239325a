/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/node/events.h"
#include "cli/node/listener.h"
#include "cli/node/membership.h"
#include "cli/node/server.h"

/* ---- run: the sidecar ---- */

#define WEEK_MS ((uint64_t)7 * 24 * 3600 * 1000)

enum { WITHDRAW_MS = 10000, WITHDRAW_MOST_MS = 3600000, POLL_LEAST_MS = 10, POLL_MOST_MS = 600000 };

static int read_settings(const cli_run *run, node_settings *settings)
{
    uint64_t poll = 0;
    *settings = (node_settings){
        .retry_ms = UINT64_MAX, .withdraw_ms = WITHDRAW_MS, .withdraws = !cli_has(run, "no-withdraw")};
    if (node_url_read(run, &settings->url)) return CLI_USAGE;
    if (!settings->url.given && !settings->url.port) return node_url_missing(run);
    if (cli_milliseconds(run, "retry", WEEK_MS, &settings->retry_ms) ||
        cli_milliseconds(run, "withdraw-timeout", WITHDRAW_MOST_MS, &settings->withdraw_ms) ||
        cli_milliseconds(run, "poll-interval", POLL_MOST_MS, &poll) ||
        cli_sdk_options(run, &settings->options))
        return CLI_USAGE;
    if (cli_has(run, "poll-interval") && poll < POLL_LEAST_MS)
        return cli_misuse(run, "--poll-interval takes 10ms at least");
    if (cli_has(run, "serve-anywhere") && !cli_has(run, "serve"))
        return cli_misuse(run, "--serve-anywhere is for --serve");
    settings->options.poll_interval_ms = (uint32_t)poll;
    settings->options.cache_file = cli_value(run, "cache-file");
    return 0;
}

/* Listening comes first: where that fails, nothing is on chain. */
static int serve_and_live(const cli_run *run, node_sidecar *sidecar, const char *address)
{
    node_listener listener;
    int status = node_listen(run, address, cli_has(run, "serve-anywhere"), &listener);
    if (status) return status;
    node_server *server = node_server_start(sidecar, listener.fd);
    if (server) {
        node_event(run, "serving", json_pack("{ss}", "address", listener.shown), "serving at %s",
                   listener.shown);
        status = node_sidecar_live(sidecar);
        node_server_stop(server);
    } else {
        status = cli_fail(run, DSTACK_P2P_ERR_SYSTEM, "the HTTP server cannot be started");
    }
    node_listener_remove(&listener);
    return status;
}

static int run_run(cli_run *run)
{
    node_settings settings;
    node_sidecar sidecar;
    const char *address = cli_value(run, "serve");
    int status = read_settings(run, &settings);
    if (status) return status;
    if (cli_has(run, "dry-run")) return node_register(run, &settings.url);
    if (!node_sidecar_init(&sidecar, run, &settings))
        return cli_fail(run, DSTACK_P2P_ERR_SYSTEM, "the system refuses a lock");
    status = address ? serve_and_live(run, &sidecar, address) : node_sidecar_live(&sidecar);
    node_sidecar_free(&sidecar);
    return status;
}

static const cli_option options[] = {
    NODE_URL_OPTIONS,
    {"dry-run", 'n', NULL, NULL,
     "show what registering would cost now, as 'dstack-p2p register --dry-run' does; sign and send nothing"},
    {"retry", 0, "TIME", NULL,
     "at the start, how long to try again while the guest agent or the nodes are away; 0: not at all (for "
     "ever)"},
    {"no-withdraw", 0, NULL, NULL, "at the end stay registered until the lease ends, for a short restart"},
    {"withdraw-timeout", 0, "TIME", NULL, "how long withdrawing at the end may take (10s)"},
    {"serve", 's', "ADDRESS", NULL,
     "serve /health, /metrics and /peers at 127.0.0.1:PORT, [::1]:PORT or unix:PATH"},
    {"serve-anywhere", 0, NULL, NULL, "let --serve take an address that is not loopback"},
    {"poll-interval", 0, "TIME", NULL,
     "how often to look for changes while no subscription tells of them (2s)"},
    {"cache-file", 0, "FILE", "DSTACK_P2P_CACHE_FILE", "keep the last list of peers there over restarts"},
    {0}};

const cli_command command_run = {
    .name = "run",
    .group = CLI_NODE,
    .arguments = "[URL]",
    .most = 1,
    .summary = "register, stay registered, withdraw at the end: the sidecar",
    .description =
        "Registers this node with URL, with the gateway's for --port, or with CONNECTION_URL, and tries "
        "again while the "
        "guest agent or the nodes are away. Then watches the cluster and keeps the lease. On SIGTERM or "
        "SIGINT it "
        "withdraws and ends; a second signal ends it at once.\n\n"
        "A line on standard error for each thing that happens: joined, left, changed, registered, renewed, "
        "and what "
        "goes wrong; with --json a line of JSON on standard output instead. It ends by itself only when "
        "registering "
        "fails for a reason that does not pass: no NFT, banned, paused, the URL or the app refused, no "
        "funds.\n\n"
        "It never asks before it spends. What it can spend is bounded: --max-cost within 24 hours, "
        "--max-fee-per-gas "
        "for each transaction.\n\n"
        "--serve answers GET /health with 200 while the node is registered with its URL and the list is "
        "fresh, else "
        "with 503 and the reason; /metrics in Prometheus' format; /peers as 'dstack-p2p peers --json'. The "
        "socket's "
        "file has mode 0660. Where NOTIFY_SOCKET is set, systemd hears READY=1 once it is registered.\n\n"
        "Exit status after a signal: 0 when the contract does not list the node, or with --no-withdraw; "
        "otherwise why "
        "that is not confirmed: 53 when the withdrawal was sent and is in no block yet. Where blocks take "
        "long, raise "
        "--withdraw-timeout, and the time that the container has to stop.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST | CLI_PAYS,
    .examples = "dstack-p2p run http://10.0.1.1:5432 --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
                "dstack-p2p run --port 5432 --serve 127.0.0.1:9100 --chain-id 8453 --rpc-url "
                "https://a.example,https://b.example\n"
                "  # publishes the gateway's URL for port 5432, and serves health and metrics\n"
                "dstack-p2p run --port 5432 --serve unix:/run/dstack-p2p.sock --withdraw-timeout 60s\n"
                "  # then: curl --unix-socket /run/dstack-p2p.sock http://localhost/health\n",
    .run = run_run};
