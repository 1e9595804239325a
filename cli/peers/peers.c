/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/table.h"

/* ---- peers: who is in the cluster ---- */

static int print_table(const cli_run *run, const dstack_p2p_peers *list)
{
    static const char *const heads[] = {"INSTANCE", "URL"};
    cli_table table = cli_table_make(heads, 2);
    bool others_only = cli_has(run, "exclude-self");
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        if (others_only && peer->is_self) continue;
        cli_table_add(&table, "%s", peer->instance_id);
        cli_table_add(&table, "%s", peer->connection_url);
    }
    return cli_table_print(run, &table);
}

static int run_peers(cli_run *run)
{
    int status;
    dstack_p2p *sdk = cli_open(run, NULL, &status);
    if (!sdk) return status;
    dstack_p2p_peers *list = dstack_p2p_get_peers(sdk);
    status = list ? print_table(run, list) : cli_fail_sdk(run, sdk);
    dstack_p2p_peers_free(list);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {{"exclude-self", 0, NULL, NULL, "leave this node out"}, {0}};

const cli_command command_peers = {.name = "peers",
                                   .group = CLI_EVERYONE,
                                   .arguments = "",
                                   .summary = "list the peers of the cluster",
                                   .description = "Lists the live peers in the order of their registration.",
                                   .options = options,
                                   .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST,
                                   .examples = "dstack-p2p peers --contract 0x123...\n",
                                   .run = run_peers};
