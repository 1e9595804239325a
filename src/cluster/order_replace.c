/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include <stdio.h>
#include <string.h>

/* Another version has the nonce of the one before: one of the two is mined, never both. */

static void tell(const cluster_dispatch *it, const char *news)
{
    if (it->progress)
        it->progress(it->context, cluster_count_done(it), it->count, news);
    else
        base_log_write(&it->session.sdk->config.log, DSTACK_P2P_LOG_INFO, "%s", news);
}

/* As for a registration: to what the chain asks for now, and by what nodes want for a replacement. */
static int raise_fees(cluster_dispatch *it, const cluster_block *block, base_error *error)
{
    cluster_quote *quote = it->quote;
    const cluster_config *config = &it->session.sdk->config;
    cluster_quote raised = *quote;
    cluster_fees fees, before = {.max_fee = quote->max_fee, .max_priority_fee = quote->max_priority_fee};
    if (cluster_choose_fees(config, block, before.max_priority_fee, 0, &fees, error)) return error->code;
    cluster_fees_raise(&fees, &before);
    raised.max_fee = fees.max_fee;
    raised.max_priority_fee = fees.max_priority_fee;
    fees.most = raised.most = cluster_most(&raised, it->count);
    if (!cluster_check_funds(config, &fees, 0, fees.most, quote->balance, quote->from, error))
        *quote = raised;
    return error->code;
}

/* Not taken, it seems: the one before stays the one that is told. But it has left, and is asked for, too. */
static void step_back(cluster_outcome *outcome)
{
    uint8_t hash32[32], *before = outcome->replaced32[outcome->replaced - 1];
    memcpy(hash32, before, 32);
    memcpy(before, outcome->hash32, 32);
    memcpy(outcome->hash32, hash32, 32);
}

/* How many the node took. */
static size_t send_again(cluster_dispatch *it, size_t first, size_t count)
{
    size_t taken = 0;
    cluster_hearing heard = {0};
    cluster_outcome before[CLUSTER_ORDER_SEND_MAX], *outcomes = &it->outcomes[first];
    memcpy(before, outcomes, count * sizeof *before);
    for (size_t i = 0; i < count; i++)
        memcpy(outcomes[i].replaced32[outcomes[i].replaced++], outcomes[i].hash32, 32);
    cluster_hand_over(it, first, count, &heard);
    for (size_t i = 0; i < count; i++)
        if (heard.doubted || (heard.answered && heard.words[i] == ETH_TX_TAKEN))
            taken++;
        else if (heard.answered)
            step_back(&outcomes[i]);
        else
            outcomes[i] = before[i];
    return taken;
}

/* All that wait: they were sent with the same fees. */
static size_t send_all_again(cluster_dispatch *it)
{
    size_t taken = 0, first = cluster_first_open(it), end = first, count;
    while (end < it->next && it->outcomes[end].state == CLUSTER_ORDER_UNCONFIRMED)
        end++;
    for (; first < end; first += count) {
        count = cluster_count_sendable(it, first, end);
        taken += send_again(it, first, count);
    }
    return taken;
}

/* Once: it is looked at again later, since gas may become cheaper. */
static void tell_hindrance(cluster_dispatch *it, base_error *error)
{
    char news[BASE_ERROR_TEXT + 64];
    char *end = strstr(error->text, "; nothing was sent"); /* but by these fees it was */
    if (end) *end = '\0';
    if (it->told_hindrance) return;
    it->told_hindrance = true;
    snprintf(news, sizeof news, "in none of %d blocks, and not replaced with higher fees: %s",
             CLUSTER_REPLACE_BLOCKS, error->text);
    tell(it, news);
}

static void replace(cluster_dispatch *it, const cluster_block *block)
{
    base_error error = {0};
    char before[ETH_WEI_TEXT], after[ETH_WEI_TEXT], news[256];
    eth_wei_format_gwei(it->quote->max_fee, before);
    if (raise_fees(it, block, &error)) {
        tell_hindrance(it, &error);
        return;
    }
    eth_wei_format_gwei(it->quote->max_fee, after);
    snprintf(news, sizeof news, "in none of %d blocks: replaced with higher fees, up to %s -> %s per gas",
             CLUSTER_REPLACE_BLOCKS, before, after);
    it->replacements++;
    if (send_all_again(it)) tell(it, news);
}

bool cluster_waits_for_another(const cluster_dispatch *it)
{
    return it->mined < it->nonce;
}

/* Of a run that was ended, perhaps: higher fees for ours would not help. */
static void tell_behind(cluster_dispatch *it)
{
    char news[256];
    if (it->told_behind) return;
    it->told_behind = true;
    snprintf(news, sizeof news,
             "in none of %d blocks, nor is nonce %llu of %s, which was sent before and has to come first",
             CLUSTER_REPLACE_BLOCKS, (unsigned long long)it->mined, it->quote->from);
    tell(it, news);
}

void cluster_replace_overdue(cluster_dispatch *it, const cluster_block *block)
{
    if (!it->since) it->since = block->number;
    if (block->number < it->since + CLUSTER_REPLACE_BLOCKS || it->replacements >= CLUSTER_VERSIONS_MAX - 1)
        return;
    it->since = block->number;
    if (cluster_waits_for_another(it))
        tell_behind(it);
    else
        replace(it, block);
}
