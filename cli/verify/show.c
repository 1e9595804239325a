/* SPDX-License-Identifier: MIT */
#include "cli/verify/show.h"
#include "cli/table.h"

#include "base/hex.h"
#include "eth/key.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAMED_MAX = 8 };

/* What is shown of a peer; "-" for what it has not. */
typedef struct shown {
    char instance[41], address[43], app_id[41], app_key[67], root[43], anchor[24], block[24], transaction[67];
} shown;

static void describe(const cli_audit_peer *peer, shown *out)
{
    uint8_t root[20];
    *out =
        (shown){.app_id = "-", .app_key = "-", .root = "-", .anchor = "-", .block = "-", .transaction = "-"};
    base_hex_encode(peer->event.instance20, 20, out->instance);
    eth_address_format(peer->event.address20, out->address);
    if (!peer->has_event) return;
    base_hex_encode(cli_audit_app_id(peer), 20, out->app_id);
    base_hex_encode(cli_audit_app_key(peer), 33, out->app_key);
    if (cli_audit_peer_root(peer, root)) eth_address_format(root, out->root);
    snprintf(out->anchor, sizeof out->anchor, "%llu",
             (unsigned long long)registry_event_anchor(&peer->event));
    snprintf(out->block, sizeof out->block, "%llu", (unsigned long long)peer->event.block_number);
    memcpy(out->transaction, "0x", 2);
    base_hex_encode(peer->event.tx_hash32, 32, out->transaction + 2);
}

/* ---- For people: too much for a line ---- */

static void print_peer(const cli_audit_peer *peer, bool coloured)
{
    shown it;
    bool good = peer->verdict == REGISTRY_PROVEN;
    describe(peer, &it);
    printf("%s%s%s  %s\n", coloured ? (good ? "\033[32m" : "\033[31m") : "",
           good ? "proven    " : "NOT PROVEN", coloured ? "\033[0m" : "", it.instance);
    if (!good) printf("            %s\n", registry_verdict_text(peer->verdict));
    printf("  URL       %s\n  address   %s\n", peer->event.url, it.address);
    if (!peer->has_event) return;
    printf("  app       %s\n  app key   %s\n  KMS root  %s\n", it.app_id, it.app_key, it.root);
    printf("  anchor    block %s\n  event     block %s, transaction %s\n", it.anchor, it.block,
           it.transaction);
}

static int print_text(const cli_run *run, const cli_audit *audit)
{
    bool coloured = cli_may_colour(STDOUT_FILENO);
    for (size_t i = 0; i < audit->count; i++) {
        if (i) putchar('\n');
        print_peer(&audit->peers[i], coloured);
    }
    return cli_flush(run);
}

/* ---- For programs ---- */

static int print_rows(const cli_run *run, const cli_audit *audit)
{
    static const char *const heads[] = {"VERDICT", "INSTANCE", "URL",    "ADDRESS", "APP",
                                        "APP KEY", "KMS ROOT", "ANCHOR", "BLOCK",   "TRANSACTION"};
    cli_table table = cli_table_make(heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < audit->count; i++) {
        shown it;
        const cli_audit_peer *peer = &audit->peers[i];
        describe(peer, &it);
        cli_table_add(&table, "%s", cli_audit_verdict_name(peer->verdict));
        cli_table_add(&table, "%s", it.instance);
        cli_table_add(&table, "%s", peer->event.url);
        cli_table_add(&table, "%s", it.address);
        cli_table_add(&table, "%s", it.app_id);
        cli_table_add(&table, "%s", it.app_key);
        cli_table_add(&table, "%s", it.root);
        cli_table_add(&table, "%s", it.anchor);
        cli_table_add(&table, "%s", it.block);
        cli_table_add(&table, "%s", it.transaction);
    }
    return cli_table_print(run, &table);
}

/* ---- What it means ---- */

const char *cli_audit_source_text(cli_audit_source source)
{
    static const char *const texts[CLI_AUDIT_SOURCES] = {
        "as given", "of this node's own key", "of the contract, for which there is only the node's word"};
    return texts[source];
}

static void note_subject(const cli_run *run, const cli_audit *audit, bool claimed)
{
    char contract[43], root[43], other[43];
    eth_address_format(audit->contract20, contract);
    eth_address_format(audit->kms_root20, root);
    eth_address_format(audit->contract_root20, other);
    cli_note(run, "%zu of %zu peers are proven: contract %s on chain %llu, block %llu", audit->proven,
             audit->count, contract, (unsigned long long)audit->chain_id,
             (unsigned long long)audit->block_number);
    if (!claimed)
        cli_note(run, "checked against the KMS root %s, %s", root, cli_audit_source_text(audit->source));
    else /* to programs as well: in what the file says there is no trace of it */
        cli_warn(
            run,
            "checked against the KMS root %s, which is the file's own claim: give --kms-root to check it",
            root);
    if (memcmp(audit->kms_root20, audit->contract_root20, 20) != 0)
        cli_note(run, "the contract trusts another KMS root, as the node says: %s", other);
    if (!audit->app_count) cli_note(run, "any app that the contract allows, as the node says; see --app-ids");
}

static int judge(const cli_run *run, const cli_audit *audit)
{
    char names[NAMED_MAX * 128] = "";
    size_t failed = audit->count - audit->proven, told = 0, len = 0;
    if (!failed) return CLI_OK;
    for (size_t i = 0; i < audit->count && told < NAMED_MAX; i++) {
        char instance[41];
        const cli_audit_peer *peer = &audit->peers[i];
        if (peer->verdict == REGISTRY_PROVEN) continue;
        base_hex_encode(peer->event.instance20, 20, instance);
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s (%s)", told++ ? ", " : "", instance,
                                registry_verdict_text(peer->verdict));
    }
    return cli_fail(run, CLI_NO, "%zu of %zu peers are not proven: %s%s", failed, audit->count, names,
                    failed > told ? ", ..." : "");
}

int cli_audit_show(const cli_run *run, const cli_audit *audit, bool claimed)
{
    int status = run->json                        ? cli_print_json(run, cli_audit_write(audit))
                 : cli_is_terminal(STDOUT_FILENO) ? print_text(run, audit)
                                                  : print_rows(run, audit);
    if (status) return status;
    note_subject(run, audit, claimed);
    return judge(run, audit);
}
