/* SPDX-License-Identifier: MIT */
#include "cluster/order_survey.h"

#include "eth/key.h"

#include <string.h>

enum { GAS_CAP = 1 << 24 }; /* of a transaction on Ethereum (EIP-7825) */

/* What a call can find otherwise than its estimate did, in gas. A slot of storage is written that was to stay
 * zero: a removal notes the number of the block before its own, an estimate runs at the latest block, and in
 * a new chain's first one that number is zero. Or a peer is not the index's last one any more when it is
 * removed. */
enum { GAS_ELSEWISE = 25000 };

/* With a quarter to spare, and enough for a small call: others may change what it finds. */
static uint64_t limit_of(uint64_t gas, const cluster_order *order)
{
    bool may_differ = !order->gas && cluster_order_size(order) && gas / 4 < GAS_ELSEWISE;
    uint64_t limit = gas + (may_differ ? GAS_ELSEWISE : gas / 4);
    if (limit < order->least_limit) limit = order->least_limit;
    return gas <= GAS_CAP && limit > GAS_CAP ? GAS_CAP : limit;
}

/* What it comes to is told whatever the ceiling says. */
static int choose_fees(cluster_survey *it, base_error *error)
{
    cluster_fees fees;
    cluster_quote *quote = it->quote;
    eth_wei ceiling = it->sdk->config.max_fee_per_gas;
    cluster_config generous = it->sdk->config;
    generous.max_fee_per_gas = ETH_WEI_MAX;
    if (cluster_choose_fees(&generous, &it->block, it->tip, 0, &fees, error)) return error->code;
    bool is_affordable = eth_wei_add(it->block.base_fee, fees.max_priority_fee) <= ceiling;
    quote->max_fee = is_affordable && fees.max_fee > ceiling ? ceiling : fees.max_fee;
    quote->max_priority_fee = fees.max_priority_fee;
    return 0;
}

eth_wei cluster_most(const cluster_quote *quote, size_t count)
{
    uint64_t limits = 0;
    for (size_t i = 0; i < count; i++)
        limits += quote->gas_limits[i];
    return eth_wei_add(quote->value, eth_wei_mul(quote->max_fee, limits));
}

static void add_up(cluster_survey *it)
{
    cluster_quote *quote = it->quote;
    eth_wei price = eth_wei_add(it->block.base_fee, quote->max_priority_fee);
    for (size_t i = 0; i < it->count; i++) {
        quote->gas_limits[i] = limit_of(it->gas[i], &it->orders[i]);
        quote->gas += it->gas[i];
        quote->value = eth_wei_add(quote->value, it->orders[i].value);
    }
    quote->expected = eth_wei_add(quote->value, eth_wei_mul(price, quote->gas));
    quote->most = cluster_most(quote, it->count);
    quote->ceiling = it->sdk->config.max_fee_per_day;
}

static int choose_account(const dstack_p2p *sdk, const uint8_t *from20, cluster_quote *quote,
                          base_error *error)
{
    if (from20)
        memcpy(quote->from20, from20, 20);
    else if (cluster_order_account(sdk, quote->from20, error))
        return error->code;
    eth_address_format(quote->from20, quote->from);
    return 0;
}

int cluster_quote_orders(dstack_p2p *sdk, const cluster_order *orders, size_t count, const uint8_t *from20,
                         cluster_quote *quote, base_error *error)
{
    cluster_survey it = {.sdk = sdk, .orders = orders, .count = count, .quote = quote};
    memset(quote, 0, sizeof *quote);
    if (cluster_check_orders(sdk, orders, count, error) || choose_account(sdk, from20, quote, error))
        return error->code;
    if (!(it.rpc = cluster_rpc(sdk, error)) || cluster_survey_orders(&it, error) ||
        cluster_check_creations(orders, count, quote, quote->nonce, error) || choose_fees(&it, error))
        return error->code;
    add_up(&it);
    return cluster_check_quote(&sdk->config, quote, error);
}
