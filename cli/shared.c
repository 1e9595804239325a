/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

/* Options that several commands take, by what they are for. */

static const cli_option general[] = {
    {"json", 0, NULL, NULL, "print JSON, and errors as JSON too"},
    {"config", 0, "FILE", "DSTACK_P2P_CONFIG",
     "read KEY=value lines from FILE, with the names of environment variables as keys; what is in the "
     "environment wins"},
    {"verbose", 'v', NULL, NULL, "say on standard error what is being done"},
    {"help", 'h', NULL, NULL, "show the help"},
    {0}};

static const cli_option contract[] = {
    {"contract", 'c', "ADDRESS", "CONTRACT_ADDRESS", "the membership contract"}, {0}};

static const cli_option chain[] = {
    {"rpc-url", 'r', "URL[,URL...]", "RPC_URL",
     "the Ethereum nodes, best first (http://localhost:8545); ws:// ones tell of changes"},
    {"chain-id", 0, "ID", "CHAIN_ID", "the chain to be on; another one is an error (any)"},
    {"rpc-timeout", 0, "TIME", NULL, "time limit of each question to the nodes (10s)"},
    {0}};

static const cli_option guest[] = {
    {"guest", 'g', "ENDPOINT", "DSTACK_SIMULATOR_ENDPOINT",
     "the guest agent: a socket's path or http://host:port (the usual sockets)"},
    {"guest-wait", 0, "TIME", NULL,
     "how long to wait for a guest agent that is not there yet (0: not at all)"},
    {0}};

static const cli_option root[] = {
    {"kms-root", 0, "ADDRESS", "KMS_ROOT_ADDRESS",
     "the KMS root that peers are checked against (that of this node's own key, where there is a guest "
     "agent)"},
    {"app-ids", 0, "ID[,ID...]", "DSTACK_P2P_APP_IDS",
     "the apps whose instances may be peers (those that the contract allows)"},
    {0}};

static const cli_option trust[] = {
    {"evidence", 0, "auto|required|off", "DSTACK_P2P_EVIDENCE",
     "auto: check peers where the KMS root is known; required: no list without; off: believe the node "
     "(auto)"},
    {"block", 0, "latest|safe|finalized", NULL, "the block to read (latest)"},
    {0}};

static const cli_option pays[] = {
    {"private-key-file", 'k', "FILE", "PRIVATE_KEY_FILE",
     "the private key of the account that pays; without one PRIVATE_KEY"},
    {"max-fee-per-gas", 0, "AMOUNT", NULL, "ceiling for the price of gas (500gwei)"},
    {"max-priority-fee-per-gas", 0, "AMOUNT", NULL, "ceiling for the tip in it (50gwei)"},
    {"max-cost", 0, "AMOUNT", NULL, "ceiling for what all of it can cost (0.05ether)"},
    {"confirm-timeout", 0, "TIME", NULL, "how long to wait for a transaction to be in a block (120s)"},
    {"state-dir", 0, "DIR", "DSTACK_P2P_STATE_DIR", "what processes with the same wallet know of each other"},
    {0}};

static const cli_option spends[] = {
    {"dry-run", 'n', NULL, NULL, "show what would be sent and what it would cost; sign and send nothing"},
    {"from", 0, "ADDRESS", NULL, "with --dry-run: the account that would send it; no key is needed then"},
    {"yes", 'y', NULL, NULL, "do not ask before spending; nothing is asked on chain 31337"},
    {0}};

static const struct {
    unsigned mask;
    const cli_option *table;
} tables[] = {{CLI_CONTRACT, contract}, {CLI_CHAIN, chain}, {CLI_GUEST, guest},  {CLI_TRUST | CLI_ROOT, root},
              {CLI_TRUST, trust},       {CLI_PAYS, pays},   {CLI_SPENDS, spends}};

const cli_option *cli_command_options(const cli_command *command, size_t index)
{
    if (command->options && index-- == 0) return command->options;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if ((command->takes & tables[i].mask) && index-- == 0) return tables[i].table;
    return index == 0 ? general : NULL;
}
