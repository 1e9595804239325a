/* SPDX-License-Identifier: MIT */
#include "cli/spend_view.h"

#include "base/hex.h"
#include "cli/amounts.h"
#include "eth/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer data are told by their length only. */
enum { HASH_TEXT = 67, SHOWN_DATA_MAX = 1024 };

static void hash_text(const uint8_t hash32[static 32], char text[static HASH_TEXT])
{
    memcpy(text, "0x", 2);
    base_hex_encode(hash32, 32, text + 2);
}

/* ---- Before ---- */

void spend_quote_sentence(const cluster_quote *quote, size_t count, char text[static SPEND_SENTENCE])
{
    char expected[ETH_WEI_TEXT], most[ETH_WEI_TEXT], balance[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    eth_wei_format(quote->expected, expected);
    eth_wei_format(quote->most, most);
    eth_wei_format(quote->balance, balance);
    eth_wei_format(quote->ceiling, ceiling);
    snprintf(text, SPEND_SENTENCE,
             "%zu transaction%s on chain %" PRIu64 " by %s, which has %s: about %s, at most %s (%" PRIu64
             " gas), and if they have to be replaced never more than %s",
             count, count == 1 ? "" : "s", quote->chain_id, quote->from, balance, expected, most, quote->gas,
             ceiling);
}

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
    return json_pack("{sb sI ss so sI so so so so so}", "dry_run", 1, "chain_id", (json_int_t)quote->chain_id,
                     "from", quote->from, "balance", cli_wei_json(quote->balance), "gas",
                     (json_int_t)quote->gas, "expected_cost", cli_wei_json(quote->expected), "most_cost",
                     cli_wei_json(quote->most), "ceiling", cli_wei_json(quote->ceiling), "max_fee_per_gas",
                     cli_wei_json(quote->max_fee), "transactions", all);
}

static void print_order(const cluster_order *order, uint64_t gas_limit)
{
    char to[43] = "a new contract", value[ETH_WEI_TEXT];
    size_t len = order->data ? order->data->len : 0;
    if (!order->creates) eth_address_format(order->to20, to);
    eth_wei_format(order->value, value);
    printf("%s\n  to     %s\n  value  %s\n  gas    at most %" PRIu64 "\n  data   %zu bytes", order->what, to,
           value, gas_limit, len);
    if (len && len <= SHOWN_DATA_MAX) {
        fputs(", 0x", stdout);
        for (size_t i = 0; i < len; i++)
            printf("%02x", (unsigned char)order->data->data[i]);
    }
    putchar('\n');
}

int spend_show_quote(const cli_run *run, const cluster_order *orders, size_t count,
                     const cluster_quote *quote)
{
    char sentence[SPEND_SENTENCE];
    if (run->json) return cli_print_json(run, quote_json(orders, count, quote));
    for (size_t i = 0; i < count; i++)
        print_order(&orders[i], quote->gas_limits[i]);
    spend_quote_sentence(quote, count, sentence);
    printf("dry run, nothing was sent: %s\n", sentence);
    return cli_flush(run);
}

/* ---- After ---- */

static const char *state_name(cluster_order_state state)
{
    static const char *const names[] = {"not_sent", "unconfirmed", "done", "refused"};
    return names[state];
}

/* What it came to, so that it is to be held against what was asked about: what was refused has paid for gas
 * only. */
static eth_wei paid_by(const cluster_order *order, const cluster_outcome *outcome)
{
    return outcome->state == CLUSTER_ORDER_DONE ? order->value : 0;
}

static eth_wei cost_of(const cluster_order *order, const cluster_outcome *outcome)
{
    return eth_wei_add(outcome->cost, paid_by(order, outcome));
}

/* Any version may be the one that gets into a block. */
static json_t *unconfirmed_json(const char *call, const char *state, const char *hash,
                                const cluster_outcome *outcome)
{
    char other[HASH_TEXT];
    json_t *view = json_pack("{ss ss ss}", "call", call, "state", state, "hash", hash);
    json_t *others = json_array();
    for (size_t i = 0; i < outcome->replaced; i++) {
        hash_text(outcome->replaced32[i], other);
        json_array_append_new(others, json_string(other));
    }
    json_object_set_new(view, "other_hashes", others);
    return view;
}

static json_t *outcome_json(const cluster_order *order, const cluster_outcome *outcome)
{
    char hash[HASH_TEXT];
    const char *state = state_name(outcome->state);
    hash_text(outcome->hash32, hash);
    if (outcome->state == CLUSTER_ORDER_NOT_SENT)
        return json_pack("{ss ss}", "call", order->what, "state", state);
    if (outcome->state == CLUSTER_ORDER_UNCONFIRMED)
        return unconfirmed_json(order->what, state, hash, outcome);
    return json_pack("{ss ss ss sI sI so so}", "call", order->what, "state", state, "hash", hash, "block",
                     (json_int_t)outcome->block_number, "gas_used", (json_int_t)outcome->gas_used, "value",
                     cli_wei_json(paid_by(order, outcome)), "cost", cli_wei_json(cost_of(order, outcome)));
}

json_t *spend_outcomes_json(const cluster_order *orders, size_t count, const cluster_outcome *outcomes)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(all, outcome_json(&orders[i], &outcomes[i]))) {
            json_decref(all);
            return NULL;
        }
    return all;
}

static void tell_one(const cli_run *run, const cluster_order *order, const cluster_outcome *outcome)
{
    static const char *const words[] = {"not sent", "sent, and not seen in a block", "done", "refused"};
    char hash[HASH_TEXT];
    hash_text(outcome->hash32, hash);
    if (outcome->state == CLUSTER_ORDER_NOT_SENT)
        cli_note(run, "  %s: not sent", order->what);
    else
        cli_note(run, "  %s: %s, %s", order->what, words[outcome->state], hash);
    for (size_t i = 0; i < outcome->replaced && outcome->state == CLUSTER_ORDER_UNCONFIRMED; i++) {
        hash_text(outcome->replaced32[i], hash);
        cli_note(run, "    or, with other fees, %s", hash);
    }
}

static bool any_was_sent(size_t count, const cluster_outcome *outcomes)
{
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].state != CLUSTER_ORDER_NOT_SENT) return true;
    return false;
}

void spend_tell_sent(const cli_run *run, const cluster_order *orders, size_t count,
                     const cluster_outcome *outcomes)
{
    if (!any_was_sent(count, outcomes)) return;
    if (run->json)
        cli_tell_json(json_pack("{so}", "transactions", spend_outcomes_json(orders, count, outcomes)));
    else
        for (size_t i = 0; i < count; i++)
            tell_one(run, &orders[i], &outcomes[i]);
}

static void print_outcome(const cluster_order *order, const cluster_outcome *outcome)
{
    char hash[HASH_TEXT], cost[ETH_WEI_TEXT], value[ETH_WEI_TEXT];
    eth_wei paid = paid_by(order, outcome);
    hash_text(outcome->hash32, hash);
    eth_wei_format(cost_of(order, outcome), cost);
    eth_wei_format(paid, value);
    printf("%s: %s in block %" PRIu64 ", %" PRIu64 " gas, %s%s%s\n", order->what, hash, outcome->block_number,
           outcome->gas_used, cost, paid ? " with the value of " : "", paid ? value : "");
}

void spend_print_outcomes(const cluster_order *orders, size_t count, const cluster_outcome *outcomes)
{
    for (size_t i = 0; i < count; i++)
        print_outcome(&orders[i], &outcomes[i]);
}
