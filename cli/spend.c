/* SPDX-License-Identifier: MIT */
#include "cli/spend.h"

#include "base/hex.h"
#include "cli/amounts.h"
#include "eth/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCAL_CHAIN = 31337, HASH_TEXT = 67 };

static void hash_text(const uint8_t hash32[static 32], char text[static HASH_TEXT])
{
    memcpy(text, "0x", 2);
    base_hex_encode(hash32, 32, text + 2);
}

/* ---- Dry run ---- */

static json_t *order_json(const cluster_order *order, uint64_t gas_limit)
{
    char to[43];
    size_t len = order->data ? order->data->len : 0;
    char *data = malloc(2 * len + 3);
    if (!data) return NULL;
    memcpy(data, "0x", 3);
    if (len) base_hex_encode(order->data->data, len, data + 2);
    eth_address_format(order->to20, to);
    json_t *view = json_pack("{ss so so sI ss}", "call", order->what, "to",
                             order->creates ? json_null() : json_string(to), "value",
                             cli_wei_json(order->value), "gas_limit", (json_int_t)gas_limit, "data", data);
    free(data);
    return view;
}

static json_t *quote_json(const cluster_order *orders, size_t count, const cluster_quote *quote)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, order_json(&orders[i], quote->gas_limits[i]));
    return json_pack("{sb sI ss so sI so so so so}", "dry_run", 1, "chain_id", (json_int_t)quote->chain_id,
                     "from", quote->from, "balance", cli_wei_json(quote->balance), "gas",
                     (json_int_t)quote->gas, "expected_cost", cli_wei_json(quote->expected), "most_cost",
                     cli_wei_json(quote->most), "max_fee_per_gas", cli_wei_json(quote->max_fee),
                     "transactions", all);
}

static void print_order(const cluster_order *order, uint64_t gas_limit)
{
    char to[43] = "a new contract", value[ETH_WEI_TEXT];
    size_t len = order->data ? order->data->len : 0;
    if (!order->creates) eth_address_format(order->to20, to);
    eth_wei_format(order->value, value);
    printf("%s\n  to     %s\n  value  %s\n  gas    at most %" PRIu64 "\n  data   %zu bytes", order->what, to,
           value, gas_limit, len);
    if (len && len <= 1024) {
        fputs(", 0x", stdout);
        for (size_t i = 0; i < len; i++)
            printf("%02x", (unsigned char)order->data->data[i]);
    }
    putchar('\n');
}

static void quote_sentence(const cluster_quote *quote, size_t count, char *text, size_t size)
{
    char expected[ETH_WEI_TEXT], most[ETH_WEI_TEXT], balance[ETH_WEI_TEXT];
    eth_wei_format(quote->expected, expected);
    eth_wei_format(quote->most, most);
    eth_wei_format(quote->balance, balance);
    snprintf(text, size,
             "%zu transaction%s on chain %" PRIu64 " by %s, which has %s: about %s, at most %s (%" PRIu64
             " gas)",
             count, count == 1 ? "" : "s", quote->chain_id, quote->from, balance, expected, most, quote->gas);
}

static int show(const cli_run *run, const cluster_order *orders, size_t count, const cluster_quote *quote)
{
    char sentence[512];
    if (run->json) return cli_print_json(run, quote_json(orders, count, quote));
    for (size_t i = 0; i < count; i++)
        print_order(&orders[i], quote->gas_limits[i]);
    quote_sentence(quote, count, sentence, sizeof sentence);
    printf("dry run, nothing was sent: %s\n", sentence);
    return cli_flush(run);
}

/* ---- The question ---- */

static bool says_yes(void)
{
    char line[16];
    fputs("Go on? [y/N] ", stderr);
    if (!fgets(line, sizeof line, stdin)) return false;
    return !strcmp(line, "y\n") || !strcmp(line, "yes\n") || !strcmp(line, "Y\n");
}

static int confirm(const cli_run *run, const char *intent, const cluster_quote *quote, size_t count)
{
    char sentence[512];
    if (quote->chain_id == LOCAL_CHAIN || cli_has(run, "yes")) return CLI_OK;
    quote_sentence(quote, count, sentence, sizeof sentence);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return cli_fail(run, CLI_DECLINED, "%s: %s. There is no terminal to ask at: --yes says yes", intent,
                        sentence);
    fprintf(stderr, "%s: %s\n", intent, sentence);
    return says_yes() ? CLI_OK : cli_fail(run, CLI_DECLINED, "not confirmed; nothing was sent");
}

/* ---- Sending ---- */

static void on_progress(void *context, size_t done, size_t count)
{
    const bool *quiet = context;
    if (*quiet || count < 2 || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%zu of %zu in a block%s", done, count, done == count ? "\n" : "");
}

static const char *state_name(cluster_order_state state)
{
    static const char *const names[] = {"not sent", "unconfirmed", "done", "refused"};
    return names[state];
}

/* After a failure: what may have cost money all the same. */
static void say_what_was_sent(const cli_run *run, const cluster_order *orders, size_t count,
                              const cli_receipts *receipts)
{
    char hash[HASH_TEXT];
    for (size_t i = 0; i < count; i++) {
        const cluster_outcome *outcome = &receipts->outcomes[i];
        if (outcome->state == CLUSTER_ORDER_NOT_SENT) continue;
        hash_text(outcome->hash32, hash);
        cli_note(run, "  %s: %s %s", orders[i].what, hash, state_name(outcome->state));
    }
}

static int quote_for(const cli_run *run, dstack_p2p *sdk, const cluster_order *orders, size_t count,
                     cluster_quote *quote, base_error *error)
{
    uint8_t from20[20];
    const char *from = cli_value(run, "from");
    bool dry = cli_has(run, "dry-run");
    if (from && !dry)
        return cli_misuse(run, "--from is for --dry-run: elsewhere the private key says who sends");
    if (from && !eth_address_parse(from, from20))
        return cli_misuse(run, "--from takes 0x and 40 hex digits with a right checksum, not '%.46s'", from);
    memset(quote, 0, sizeof *quote);
    return cluster_quote_orders(sdk, orders, count, from ? from20 : NULL, quote, error);
}

int cli_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, const cluster_order *orders,
              size_t count, cli_receipts *receipts, bool *sent)
{
    base_error error = {0};
    bool quiet = run->json;
    int status = quote_for(run, sdk, orders, count, &receipts->quote, &error);
    *sent = false;
    if (status == CLI_USAGE) return status;
    if (cli_has(run, "dry-run") && receipts->quote.gas) {
        int shown = show(run, orders, count, &receipts->quote);
        if (shown) return shown;
    }
    if (error.code) return cli_fail(run, error.code, "%s", error.text);
    if (cli_has(run, "dry-run")) return CLI_OK;
    if ((status = confirm(run, intent, &receipts->quote, count))) return status;
    if (cluster_send_orders(sdk, orders, count, &receipts->quote, receipts->outcomes, on_progress, &quiet,
                            &error)) {
        cli_fail(run, error.code, "%s", error.text);
        say_what_was_sent(run, orders, count, receipts);
        return error.code;
    }
    *sent = true;
    return CLI_OK;
}

/* ---- The report ---- */

static json_t *outcome_json(const cluster_order *order, const cluster_outcome *outcome)
{
    char hash[HASH_TEXT];
    hash_text(outcome->hash32, hash);
    return json_pack("{ss ss sI sI so}", "call", order->what, "hash", hash, "block",
                     (json_int_t)outcome->block_number, "gas_used", (json_int_t)outcome->gas_used, "cost",
                     cli_wei_json(outcome->cost));
}

static int report_json(const cli_run *run, const cluster_order *orders, size_t count,
                       const cli_receipts *receipts, json_t *more)
{
    json_t *all = json_array(), *view = more ? more : json_object();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, outcome_json(&orders[i], &receipts->outcomes[i]));
    json_object_set_new(view, "chain_id", json_integer((json_int_t)receipts->quote.chain_id));
    json_object_set_new(view, "from", json_string(receipts->quote.from));
    json_object_set_new(view, "transactions", all);
    return cli_print_json(run, view);
}

int cli_report(const cli_run *run, const cluster_order *orders, size_t count, const cli_receipts *receipts,
               json_t *more)
{
    char hash[HASH_TEXT], cost[ETH_WEI_TEXT];
    if (run->json) return report_json(run, orders, count, receipts, more);
    json_decref(more);
    for (size_t i = 0; i < count; i++) {
        const cluster_outcome *outcome = &receipts->outcomes[i];
        hash_text(outcome->hash32, hash);
        eth_wei_format(outcome->cost, cost);
        printf("%s: %s in block %" PRIu64 ", %" PRIu64 " gas, %s\n", orders[i].what, hash,
               outcome->block_number, outcome->gas_used, cost);
    }
    return cli_flush(run);
}
