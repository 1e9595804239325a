/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/peers/print.h"

/* ---- peers: who is in the cluster ---- */

static int list(const peers_printer *printer, dstack_p2p *sdk)
{
    const cli_run *run = printer->run;
    int status = peers_know_self(run, sdk, cli_has(run, "exclude-self"));
    dstack_p2p_peers *peers = status ? NULL : dstack_p2p_get_peers(sdk);
    if (!status) status = peers ? peers_printer_print(printer, peers) : cli_fail_sdk(run, sdk);
    dstack_p2p_peers_free(peers);
    return status;
}

static int run_peers(cli_run *run)
{
    peers_printer printer;
    dstack_p2p *sdk = NULL;
    int status = peers_printer_open(&printer, run);
    if (!status && (sdk = cli_open(run, NULL, &status))) status = list(&printer, sdk);
    cli_close(sdk);
    peers_printer_close(&printer);
    return status;
}

static const cli_option options[] = {PEERS_EXCLUDE_SELF, PEERS_FORMAT, {0}};

static const char description[] =
    "Lists the live peers in the order of their registration: on a terminal as a table, elsewhere a line "
    "each, "
    "with tabs between instance id, URL, start of membership, end of the lease (0: never) and whether it is "
    "this "
    "node."
    "\n\n"
    "With --json: version (of the membership), block and block_time (that it was read at), checked (whether "
    "the "
    "peers were checked against the KMS root), left_out (how many were not listed for that), self_known "
    "(whether "
    "the guest agent told which node this is), count, and peers with instance_id, url, host, port, address, "
    "registered_at, expires_at (0: never) and is_self."
    "\n\n"
    "Host and port are taken from the URL, [scheme://][user@]host[:port][/...]. Without a port it is that of "
    "http, "
    "https, ws, wss, postgres, postgresql, mysql, redis, rediss, mongodb, amqp, amqps, nats or kafka; what a "
    "URL "
    "does not have is empty, null in JSON. A format can also use {host_port}, which is host:port with "
    "brackets "
    "around an IPv6 address, {index}, {first}, {last}, {count}, {version}, {block} and {block_time}; the "
    "filters "
    "{url|json} and {url|shell}; and sections such as {#port}:{port}{/port}, as the templates of watch. "
    "Peers choose "
    "their URLs themselves: what goes to a shell should go through |shell."
    "\n\n"
    "No answer is never an empty list: when no node can be asked the status says so, and nothing is printed.";

const cli_command command_peers = {.name = "peers",
                                   .group = CLI_EVERYONE,
                                   .arguments = "",
                                   .summary = "list the peers of the cluster",
                                   .description = description,
                                   .options = options,
                                   .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST,
                                   .examples =
                                       "dstack-p2p peers --contract 0x123...\n"
                                       "dstack-p2p peers --exclude-self --format '{host}:{port}'\n"
                                       "  # addresses of the others, a line each\n"
                                       "dstack-p2p peers --json | jq -r '.peers[].url'\n"
                                       "dstack-p2p peers --evidence required --kms-root 0xabc...\n"
                                       "  # only peers whose registration that KMS root vouches for\n",
                                   .run = run_peers};
