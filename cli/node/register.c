/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/node/membership.h"
#include "cli/node/own_url.h"

/* ---- register: this node becomes a peer ---- */

static int run_register(cli_run *run)
{
    node_url url;
    int status = node_url_read(run, &url);
    return status ? status : node_register(run, &url);
}

static const cli_option options[] = {NODE_URL_OPTIONS, NODE_SPENDING_OPTIONS, {0}};

const cli_command command_register = {
    .name = "register",
    .group = CLI_NODE,
    .arguments = "[URL]",
    .most = 1,
    .summary = "register this node as a peer, or renew its lease",
    .description =
        "Has the contract list this node with its connection URL: URL, or the gateway's for --port, or "
        "CONNECTION_URL. Prints the URL. The URL will be public on chain: no secrets in it.\n\n"
        "Nothing is sent, and nothing spent, when the contract lists the node with this URL already and more "
        "than "
        "half of its lease is left; standard error says which it was, and the JSON's `sent`.\n\n"
        "The account of the private key pays, else the node's own derived address. On other chains than "
        "31337 it "
        "asks before it spends; without a terminal, as in a container, --yes is needed. A node that stays, "
        "and "
        "has to renew its lease, is kept up by 'dstack-p2p run'.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_PAYS,
    .examples =
        "dstack-p2p register http://10.0.1.1:5432 --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
        "dstack-p2p register --port 5432 --gateway-domain dstack-pha-prod7.phala.network --yes\n"
        "  # publishes https://<instance id>-5432s.dstack-pha-prod7.phala.network\n"
        "dstack-p2p register --port 8080 --tls gateway --dry-run\n"
        "  # whether a transaction is needed, and what it would cost\n",
    .run = run_register};
