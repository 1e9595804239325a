/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/verify/collect.h"

#include "base/hex.h"
#include "eth/key.h"

#include <stdio.h>
#include <string.h>

/* ---- kms-root: which KMS root it is, and whether everybody means the same ---- */

typedef struct roots {
    bool has_guest;
    uint8_t guest20[20], contract20[20];
    const uint8_t *expected20; /* what the others are compared with: the guest agent's, which is the surest */
    cli_audit audit;           /* of the peers, if they are wanted */
    size_t others, unproven;   /* peers by another root, and with evidence that holds under none */
} roots;

/* ---- Finding them ---- */

/* An agent that was named has to answer; that there is none in the usual places may be. */
static int find_guest(const cli_run *run, dstack_p2p *sdk, bool needed, roots *out)
{
    const char *text = dstack_p2p_kms_root(sdk);
    out->has_guest = text && eth_address_parse(text, out->guest20);
    if (out->has_guest) return CLI_OK;
    if (needed || cli_has(run, "guest")) return cli_fail_sdk(run, sdk);
    cli_note(run, "no guest agent here: %s", dstack_p2p_errmsg(sdk));
    return CLI_OK;
}

/* Who certified a peer is worth something only if its evidence holds under that root. */
static bool holds_under(const roots *it, const cli_audit_peer *peer, const uint8_t root20[static 20])
{
    cli_audit_peer copy = *peer;
    cli_audit alone = it->audit;
    memcpy(alone.kms_root20, root20, 20);
    alone.peers = &copy;
    alone.count = 1;
    cli_audit_judge(&alone);
    return alone.proven == 1;
}

typedef struct certified {
    char root[43]; /* "" when it is not known */
    bool proven, same;
} certified;

static certified examine(const roots *it, const cli_audit_peer *peer)
{
    uint8_t root[20];
    certified out = {.root = ""};
    if (!cli_audit_peer_root(peer, root)) return out;
    eth_address_format(root, out.root);
    out.proven = holds_under(it, peer, root);
    out.same = out.proven && !memcmp(root, it->expected20, 20);
    return out;
}

static int find_others(const cli_run *run, dstack_p2p *sdk, roots *it)
{
    base_error error = {0};
    if (cli_contract_root(sdk, it->contract20, &error)) return cli_fail(run, error.code, "%s", error.text);
    it->expected20 = it->has_guest ? it->guest20 : it->contract20;
    if (!cli_has(run, "peers")) return CLI_OK;
    memcpy(it->audit.kms_root20, it->expected20, 20);
    if (cli_audit_collect(run, sdk, &it->audit, &error)) return cli_fail(run, error.code, "%s", error.text);
    for (size_t i = 0; i < it->audit.count; i++) {
        certified found = examine(it, &it->audit.peers[i]);
        it->unproven += !found.proven;
        it->others += found.proven && !found.same;
    }
    return CLI_OK;
}

/* ---- Showing them ---- */

static json_t *address(bool known, const uint8_t address20[static 20])
{
    char text[43];
    eth_address_format(address20, text);
    return known ? json_string(text) : json_null();
}

static json_t *peers_json(const roots *it)
{
    json_t *list = json_array();
    for (size_t i = 0; i < it->audit.count; i++) {
        char instance[41];
        const cli_audit_peer *peer = &it->audit.peers[i];
        certified found = examine(it, peer);
        base_hex_encode(peer->event.instance20, 20, instance);
        json_array_append_new(list,
                              json_pack("{ss ss so sb sb}", "instance_id", instance, "url", peer->event.url,
                                        "kms_root", *found.root ? json_string(found.root) : json_null(),
                                        "proven", found.proven, "same", found.same));
    }
    return list;
}

static bool is_agreed(const roots *it)
{
    bool same = !it->has_guest || !memcmp(it->guest20, it->contract20, 20);
    return same && !it->others && !it->unproven;
}

static int print_json(const cli_run *run, const roots *it)
{
    json_t *document = json_pack("{so so sb}", "guest_agent", address(it->has_guest, it->guest20), "contract",
                                 address(true, it->contract20), "same", is_agreed(it));
    if (document && cli_has(run, "peers")) json_object_set_new(document, "peers", peers_json(it));
    return cli_print_json(run, document);
}

static void add_row(cli_table *table, const char *source, const char *root, const char *outcome,
                    const cli_audit_peer *peer)
{
    char instance[41] = "-";
    if (peer) base_hex_encode(peer->event.instance20, 20, instance);
    cli_table_add(table, "%s", source);
    cli_table_add(table, "%s", *root ? root : "-");
    cli_table_add(table, "%s", outcome);
    cli_table_add(table, "%s", instance);
    cli_table_add(table, "%s", peer ? peer->event.url : "-");
}

static void add_root(cli_table *table, const roots *it, const char *source, const uint8_t root20[static 20])
{
    char text[43];
    eth_address_format(root20, text);
    add_row(table, source, text, memcmp(root20, it->expected20, 20) ? "other" : "same", NULL);
}

static int print_table(const cli_run *run, const roots *it)
{
    static const char *const heads[] = {"SOURCE", "KMS ROOT", "COMPARED", "INSTANCE", "URL"};
    cli_table table = cli_table_make(heads, 5);
    if (it->has_guest) add_root(&table, it, "guest agent", it->guest20);
    add_root(&table, it, "contract", it->contract20);
    for (size_t i = 0; i < it->audit.count; i++) {
        certified found = examine(it, &it->audit.peers[i]);
        add_row(&table, "peer", found.root,
                found.same     ? "same"
                : found.proven ? "other"
                               : "unproven",
                &it->audit.peers[i]);
    }
    return cli_table_print(run, &table);
}

static int judge(const cli_run *run, const roots *it)
{
    char guest[43], contract[43], peers[160] = "";
    if (is_agreed(it)) return CLI_OK;
    eth_address_format(it->guest20, guest);
    eth_address_format(it->contract20, contract);
    if (it->others || it->unproven)
        snprintf(peers, sizeof peers, "%zu of %zu peers are certified by another root, %zu are not proven",
                 it->others, it->audit.count, it->unproven);
    if (!it->has_guest || !memcmp(it->guest20, it->contract20, 20)) return cli_fail(run, CLI_NO, "%s", peers);
    return cli_fail(run, CLI_NO, "the contract trusts %s, and this node's key is certified by %s%s%s",
                    contract, guest, *peers ? "; " : "", peers);
}

/* ---- The command ---- */

static int print_own(const cli_run *run, dstack_p2p *sdk)
{
    roots it = {.has_guest = false};
    int status = find_guest(run, sdk, true, &it);
    if (status) return status;
    if (run->json) return cli_print_json(run, json_pack("{so}", "guest_agent", address(true, it.guest20)));
    puts(dstack_p2p_kms_root(sdk));
    return cli_flush(run);
}

static int compare(const cli_run *run, dstack_p2p *sdk)
{
    roots it = {.has_guest = false};
    /* Without the peers there is nothing else to compare the contract's with. */
    int status = find_guest(run, sdk, !cli_has(run, "peers"), &it);
    if (!status) status = find_others(run, sdk, &it);
    if (!status) status = run->json ? print_json(run, &it) : print_table(run, &it);
    if (!status) status = judge(run, &it);
    cli_audit_free(&it.audit);
    return status;
}

static int run_kms_root(cli_run *run)
{
    int status;
    dstack_p2p_options sdk_options;
    if ((status = cli_sdk_options(run, &sdk_options))) return status;
    sdk_options.evidence = DSTACK_P2P_EVIDENCE_OFF; /* a peer is to be seen whoever certified it */
    dstack_p2p *sdk = cli_open_with(run, NULL, &sdk_options, &status);
    if (!sdk) return status;
    bool compares = cli_has(run, "compare") || cli_has(run, "peers");
    status = compares ? compare(run, sdk) : print_own(run, sdk);
    cli_close(sdk);
    return status;
}

static const cli_option options[] = {
    {"compare", 0, NULL, NULL, "compare it with the one that the contract trusts"},
    {"peers", 'p', NULL, NULL, "compare these with the root that certified each peer, as its evidence shows"},
    {0}};

const cli_command command_kms_root = {
    .name = "kms-root",
    .group = CLI_EVERYONE,
    .arguments = "",
    .summary = "tell the KMS root, and whether everybody means the same",
    .description =
        "Prints the address of the KMS root that certified the key of this node's app, as recovered from the "
        "signatures that the guest agent hands out. It is the one that a contract for this KMS has to trust: "
        "what `deploy` and `set-kms-root` want.\n\n"
        "With --compare it is compared with what the contract trusts, as the node says, and with --peers "
        "also "
        "with the root in each peer's evidence. Where there is no guest agent, --peers compares the "
        "contract's with the peers'. Exits with 1 when not all are the same, or a peer's evidence does not "
        "hold.\n\n"
        "Before a rotation --peers shows whom it will cost its place in the list: `set-kms-root` unlists "
        "everybody until they have registered again with a certificate by the new root. After it --compare "
        "tells whether this node can.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST,
    .examples = "dstack-p2p kms-root\n"
                "  # inside a TEE: the root to deploy with\n"
                "dstack-p2p kms-root --compare --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
                "  # does the contract trust the KMS that this node's keys are from?\n"
                "dstack-p2p kms-root --peers --json | jq -r '.peers[] | select(.same | not) | .instance_id'\n"
                "  # who is certified by another one?\n",
    .run = run_kms_root};
