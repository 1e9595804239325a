/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_MEMBERSHIP_H
#define CLI_NODE_MEMBERSHIP_H

#include "cli/node/own_url.h"

/** Rows for the tables of `register` and `withdraw`. */
#define NODE_SPENDING_OPTIONS                                                                                \
    {"dry-run", 'n', NULL, NULL,                                                                             \
     "show whether a transaction is needed and what it would cost; sign and send nothing"},                  \
    {                                                                                                        \
        "yes", 'y', NULL, NULL, "do not ask before spending; nothing is asked on chain 31337"                \
    }

/**
 * Has the contract list this node with `url`, or, with "", not list it: looks what it takes, shows that with
 * --dry-run and ends there, asks before it spends, sends, and reports. The exit status, having said what is
 * wrong.
 */
int node_membership(const cli_run *run, dstack_p2p *sdk, const char *url);

/** The same for registering with the URL that the command line asks for, on a handle of its own. */
int node_register(const cli_run *run, const node_url *url);

#endif
