/* SPDX-License-Identifier: MIT */
#include "cli/spend.h"

#include "cli/confirm.h"
#include "cli/spend_view.h"
#include "eth/key.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Who sends ---- */

static int read_from(const cli_run *run, const char *from, uint8_t from20[static 20])
{
    if (!cli_has(run, "dry-run"))
        return cli_misuse(run, "--from is for --dry-run: elsewhere the private key says who sends");
    if (eth_address_parse(from, from20)) return 0;
    return cli_misuse(run, "--from takes 0x and 40 hex digits with a right checksum, not '%s'",
                      strlen(from) > 46 ? "..." : from);
}

int cli_sender(const cli_run *run, const dstack_p2p *sdk, uint8_t from20[static 20])
{
    uint8_t key33[33];
    const char *from = cli_value(run, "from");
    if (from) return read_from(run, from, from20);
    if (!sdk->config.has_key)
        return cli_fail(run, DSTACK_P2P_ERR_PRIVATE_KEY,
                        "no private key to sign with: give --private-key-file, or set PRIVATE_KEY_FILE or "
                        "PRIVATE_KEY");
    if (eth_key_public(sdk->config.key32, key33) && eth_key_address(key33, from20)) return 0;
    return cli_fail(run, DSTACK_P2P_ERR_PRIVATE_KEY, "the private key is not a valid one");
}

/* ---- The question ---- */

static int confirm(const cli_run *run, const char *intent, const cluster_quote *quote, size_t count)
{
    char sentence[SPEND_SENTENCE];
    spend_quote_sentence(quote, count, sentence);
    return cli_confirm(run, quote->chain_id, intent, sentence);
}

/* ---- Sending ---- */

typedef struct counter {
    const cli_run *run;
    bool shows, has_line; /* an unfinished one on the terminal */
} counter;

static void on_progress(void *context, size_t done, size_t count, const char *news)
{
    counter *it = context;
    if (news) {
        if (it->has_line) fputc('\n', stderr);
        cli_warn(it->run, "%s", news);
    }
    if (!it->shows) return;
    fprintf(stderr, "\r%zu of %zu in a block%s", done, count, done == count ? "\n" : "");
    it->has_line = done < count;
}

static int send_orders(const cli_run *run, dstack_p2p *sdk, const cluster_order *orders, size_t count,
                       cli_receipts *receipts)
{
    base_error error = {0};
    counter progress = {.run = run, .shows = !run->json && isatty(STDERR_FILENO)};
    on_progress(&progress, 0, count, NULL);
    cluster_send_orders(sdk, orders, count, &receipts->quote, receipts->outcomes, on_progress, &progress,
                        &error);
    if (progress.has_line) fputc('\n', stderr);
    if (!error.code) return CLI_OK;
    cli_fail(run, error.code, "%s", error.text);
    spend_tell_sent(run, orders, count, receipts->outcomes);
    return error.code;
}

/* The option that sets the ceiling which a sentence names as the library does; NULL = it names none. */
static const char *option_of(const base_error *error)
{
    static const struct {
        const char *setting, *option;
    } ceilings[] = {{"(max_fee_per_day)", "--max-cost"},
                    {"(max_fee_per_gas)", "--max-fee-per-gas"},
                    {"(max_priority_fee_per_gas)", "--max-priority-fee-per-gas"}};
    for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++)
        if (strstr(error->text, ceilings[i].setting)) return ceilings[i].option;
    return NULL;
}

int cli_fail_payment(const cli_run *run, const base_error *error)
{
    const char *option = option_of(error);
    if (!option) return cli_fail(run, error->code, "%s", error->text);
    return cli_fail(run, error->code, "%s; %s sets that ceiling", error->text, option);
}

int cli_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, const cluster_order *orders,
              size_t count, cli_receipts *receipts, bool *sent)
{
    uint8_t from20[20];
    base_error error = {0};
    bool dry = cli_has(run, "dry-run");
    int status = cli_sender(run, sdk, from20);
    memset(receipts, 0, sizeof *receipts);
    *sent = false;
    if (status) return status;
    cluster_quote_orders(sdk, orders, count, dry ? from20 : NULL, &receipts->quote, &error);
    /* What it would cost is worth knowing also where it could not be paid. */
    if (dry && receipts->quote.gas && (status = spend_show_quote(run, orders, count, &receipts->quote)))
        return status;
    if (error.code) return cli_fail_payment(run, &error);
    if (dry) return CLI_OK;
    if ((status = confirm(run, intent, &receipts->quote, count))) return status;
    status = send_orders(run, sdk, orders, count, receipts);
    *sent = !status;
    return status;
}

/* ---- The report ---- */

/* What is done and could not be printed is told elsewhere: or it might be done again. */
static int told(const cli_run *run, const cluster_order *orders, size_t count, const cli_receipts *receipts,
                int status)
{
    if (status) spend_tell_sent(run, orders, count, receipts->outcomes);
    return status;
}

int cli_report(const cli_run *run, const cluster_order *orders, size_t count, const cli_receipts *receipts,
               json_t *more)
{
    if (!run->json) {
        json_decref(more);
        spend_print_outcomes(orders, count, receipts->outcomes);
        return told(run, orders, count, receipts, cli_flush(run));
    }
    json_t *view = more ? more : json_object();
    json_object_set_new(view, "chain_id", json_integer((json_int_t)receipts->quote.chain_id));
    json_object_set_new(view, "from", json_string(receipts->quote.from));
    json_object_set_new(view, "transactions", spend_outcomes_json(orders, count, receipts->outcomes));
    return told(run, orders, count, receipts, cli_print_json(run, view));
}
