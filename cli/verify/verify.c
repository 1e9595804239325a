/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/verify/collect.h"
#include "cli/verify/file.h"
#include "cli/verify/show.h"

#include "eth/key.h"

#include <string.h>

/* ---- verify: an audit of every peer's registration ---- */

/* ---- Online ---- */

static int find_root(const cli_run *run, dstack_p2p *sdk, cli_audit *audit)
{
    base_error error = {0};
    const cluster_config *config = &sdk->config;
    audit->source = config->has_kms_root             ? CLI_AUDIT_OPTION
                    : cli_has(run, "trust-contract") ? CLI_AUDIT_CONTRACT
                                                     : CLI_AUDIT_GUEST;
    if (audit->source == CLI_AUDIT_OPTION) {
        memcpy(audit->kms_root20, config->kms_root20, 20);
        return CLI_OK;
    }
    if (audit->source == CLI_AUDIT_CONTRACT) {
        if (!cli_contract_root(sdk, audit->kms_root20, &error)) return CLI_OK;
        return cli_fail(run, error.code, "%s", error.text);
    }
    const char *root = dstack_p2p_kms_root(sdk);
    if (root && eth_address_parse(root, audit->kms_root20)) return CLI_OK;
    return cli_fail(run, dstack_p2p_errcode(sdk),
                    "there is no KMS root to check against: %s; give it with --kms-root, or take the node's "
                    "word for the contract's with --trust-contract",
                    dstack_p2p_errmsg(sdk));
}

static int audit_contract(const cli_run *run, dstack_p2p *sdk, cli_audit *audit)
{
    base_error error = {0};
    int status = find_root(run, sdk, audit);
    if (status) return status;
    if (cli_audit_collect(run, sdk, audit, &error)) return cli_fail(run, error.code, "%s", error.text);
    const char *path = cli_value(run, "save");
    return path ? cli_audit_save(run, audit, path) : CLI_OK;
}

/* ---- Offline ---- */

static int check_subject(const cli_run *run, const cluster_config *config, const cli_audit *audit)
{
    if (config->chain_id && config->chain_id != audit->chain_id)
        return cli_fail(run, CLI_NO, "the file is about chain %llu, not %llu",
                        (unsigned long long)audit->chain_id, (unsigned long long)config->chain_id);
    if (config->has_contract && memcmp(config->contract20, audit->contract20, 20) != 0) {
        char text[43];
        eth_address_format(audit->contract20, text);
        return cli_fail(run, CLI_NO, "the file is about the contract %s, not %s", text,
                        config->contract_text);
    }
    return CLI_OK;
}

static int audit_file(const cli_run *run, const dstack_p2p *sdk, const char *path, cli_audit *audit)
{
    const cluster_config *config = &sdk->config;
    int status = cli_audit_load(run, path, audit);
    if (status || (status = check_subject(run, config, audit))) return status;
    if (config->has_kms_root) {
        memcpy(audit->kms_root20, config->kms_root20, 20);
        audit->source = CLI_AUDIT_OPTION;
    }
    if (config->app_count) {
        memcpy(audit->app_ids20, config->app_ids20, sizeof audit->app_ids20);
        audit->app_count = config->app_count;
    }
    cli_audit_judge(audit);
    return CLI_OK;
}

/* ---- Both ---- */

/* The handle is for its configuration and its connections: peers are checked here, with what is found shown.
 */
static dstack_p2p *open_handle(const cli_run *run, int *status)
{
    dstack_p2p_options options;
    *status = cli_sdk_options(run, &options);
    options.evidence = DSTACK_P2P_EVIDENCE_OFF;
    return *status ? NULL : cli_open_with(run, NULL, &options, status);
}

static int run_verify(cli_run *run)
{
    int status;
    cli_audit audit = {0};
    const char *path = cli_value(run, "offline");
    if (path && (cli_has(run, "save") || cli_has(run, "trust-contract")))
        return cli_misuse(run, "--offline reads a file and nothing else: it goes with neither --save nor "
                               "--trust-contract");
    dstack_p2p *sdk = open_handle(run, &status);
    if (!sdk) return status;
    /* The root of a file is the file's own claim, unless it is given. */
    bool claimed = path && !sdk->config.has_kms_root;
    status = path ? audit_file(run, sdk, path, &audit) : audit_contract(run, sdk, &audit);
    if (!status) status = cli_audit_show(run, &audit, claimed);
    cli_audit_free(&audit);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {
    {"save", 's', "FILE", NULL, "write what was found to FILE, with all that is needed to check it again"},
    {"offline", 'o', "FILE", NULL, "check a saved FILE, without a node and without a guest agent"},
    {"trust-contract", 0, NULL, NULL,
     "where no KMS root is given: check against the contract's own, which is the node's word"},
    {"block", 0, "latest|safe|finalized", NULL, "the block to read the list of (latest)"},
    {0}};

const cli_command command_verify = {
    .name = "verify",
    .group = CLI_EVERYONE,
    .arguments = "",
    .summary = "audit every peer's registration",
    .description =
        "Reads who the contract lists, finds the event that registered each, and checks the evidence in it "
        "as "
        "the contract did: that the KMS root certified the app's key, and that this key signed, for this "
        "chain and contract, that the instance is to be reached at its URL. Shows each peer with its app, "
        "app "
        "key, the KMS root that its certificate is by, where its event is, and whether it is proven. Peers "
        "without evidence, which `peers` and the library leave out, are shown too.\n\n"
        "The KMS root to check against is --kms-root, else with --trust-contract the contract's, as the node "
        "says, else that of this node's own key, from the guest agent. Without --app-ids which apps are "
        "allowed is the node's word as well.\n\n"
        "Proven are a peer's instance id, URL, address, app and app key. Since when it is a member, and "
        "which "
        "block and transaction registered it, is the node's word, and so is that nobody is missing from the "
        "list.\n\n"
        "With --save the evidence is kept in a file, and --offline checks that: everything is computed "
        "again. Without --kms-root the root is the one that the file names, which proves no more than that "
        "the file agrees with itself. A file that is malformed, or whose parts do not fit each other, is an "
        "error. Exits with 0 if all peers are proven, and with 1 if not.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_ROOT,
    .examples =
        "dstack-p2p verify --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
        "  # inside a TEE: against the root of this node's own key\n"
        "dstack-p2p verify --kms-root 0x52908400098527886E0F7030069857D2E4169EE7 --save audit.json\n"
        "  # anywhere, and keep the evidence\n"
        "dstack-p2p verify --kms-root 0x52908400098527886E0F7030069857D2E4169EE7 --offline audit.json\n"
        "  # check it again elsewhere, without a network\n"
        "dstack-p2p verify --json --block finalized | jq '.peers[] | select(.verdict != \"proven\")'\n",
    .run = run_verify};
