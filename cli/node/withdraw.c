/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/node/membership.h"

/* ---- withdraw: this node is a peer no longer ---- */

static int run_withdraw(cli_run *run)
{
    int status;
    dstack_p2p *sdk = cli_open(run, NULL, &status);
    if (!sdk) return status;
    status = node_membership(run, sdk, "");
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {NODE_SPENDING_OPTIONS, {0}};

const cli_command command_withdraw = {
    .name = "withdraw",
    .group = CLI_NODE,
    .arguments = "",
    .summary = "withdraw this node from the peers",
    .description = "Has the contract list this node no longer; its NFT stays, and it can register again. "
                   "Nothing is sent when "
                   "it is not registered and no registration of it can be on its way.\n\n"
                   "On other chains than 31337 it asks before it spends; without a terminal --yes is needed.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_PAYS,
    .examples = "dstack-p2p withdraw --yes\n"
                "dstack-p2p withdraw --dry-run --json\n",
    .run = run_withdraw};
