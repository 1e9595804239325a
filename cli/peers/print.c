/* SPDX-License-Identifier: MIT */
#include "cli/peers/print.h"

#include "cli/peers/document.h"
#include "cli/peers/drain.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What other programs get: the columns of the table, whole, and times as numbers. */
static const char machine_format[] = "{instance_id}\\t{url}\\t{registered_at}\\t{expires_at}\\t{is_self}";

int peers_printer_open(peers_printer *printer, const cli_run *run)
{
    char problem[PEERS_PROBLEM_TEXT];
    const char *format = cli_value(run, "format");
    *printer = (peers_printer){.run = run};
    if (format && run->json) return cli_misuse(run, "--format and --json exclude each other");
    if (!format && (run->json || cli_is_terminal(STDOUT_FILENO))) return 0;
    if (!format) format = machine_format;
    printer->format = peers_template_read(format, strlen(format), true, problem);
    return printer->format ? 0 : cli_misuse(run, "--format: %s", problem);
}

void peers_printer_close(peers_printer *printer)
{
    peers_template_free(printer->format);
}

/* ---- The table ---- */

enum { SPAN_TEXT = 32 };

/* "12m", roughly: the whole number of the largest unit. */
static const char *span(uint64_t seconds, char text[static SPAN_TEXT])
{
    static const struct {
        uint64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    snprintf(text, SPAN_TEXT, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].unit);
    return text;
}

/* By the chain's clock, which may stand still, or be behind a registration of the same second. */
static const char *left_of(uint64_t now, uint64_t end, char text[static SPAN_TEXT])
{
    if (!end) return "for ever";
    return end > now ? span(end - now, text) : "ended";
}

static int print_table(const cli_run *run, const peers_selection *selection)
{
    static const char *const heads[] = {"INSTANCE", "URL", "SINCE", "LEASE", "SELF"};
    char text[SPAN_TEXT];
    cli_table table = cli_table_make(heads, 5);
    uint64_t now = dstack_p2p_peers_block_time(selection->list);
    table.flexible = 1u << 0 | 1u << 1;
    for (size_t i = 0; i < selection->count; i++) {
        const dstack_p2p_peer *peer = selection->peers[i];
        uint64_t age = now > peer->registered_at ? now - peer->registered_at : 0;
        cli_table_add(&table, "%s", peer->instance_id);
        cli_table_add(&table, "%s", peer->connection_url);
        cli_table_add(&table, "%s", span(age, text));
        cli_table_add(&table, "%s", left_of(now, peer->expires_at, text));
        cli_table_add(&table, "%s", peer->is_self ? "self" : "");
    }
    return cli_table_print(run, &table);
}

/* ---- All ways ---- */

static int print_text(const peers_printer *printer, const peers_selection *selection)
{
    base_buf text = base_buf_make(PEERS_DOCUMENT_MAX);
    if (printer->format)
        peers_format_render(printer->format, selection, &text, stdout);
    else
        peers_document_write(&text, selection, true, stdout);
    if (!peers_drain_end(&text, stdout))
        return cli_fail(printer->run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return cli_flush(printer->run);
}

int peers_printer_print(const peers_printer *printer, const dstack_p2p_peers *list)
{
    int status;
    peers_selection selection;
    const cli_run *run = printer->run;
    if (!peers_select(&selection, list, cli_has(run, "exclude-self")))
        status = cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (printer->format || run->json)
        status = print_text(printer, &selection);
    else
        status = print_table(run, &selection);
    peers_selection_free(&selection);
    return status;
}

int peers_fail_to_know_self(const cli_run *run, int code, const char *why)
{
    return cli_fail(run, code, "it is not known which peer is this node: %s", why);
}

int peers_know_self(const cli_run *run, dstack_p2p *sdk, bool needed)
{
    const char *evidence = cli_value(run, "evidence");
    /* Where the root is known or not wanted, reading the list does not ask the guest agent. */
    bool unasked = cli_has(run, "kms-root") || (evidence && !strcmp(evidence, "off"));
    if (!needed && !unasked) return 0;
    if (dstack_p2p_instance_id(sdk) || !needed) return 0;
    return peers_fail_to_know_self(run, dstack_p2p_errcode(sdk), dstack_p2p_errmsg(sdk));
}
