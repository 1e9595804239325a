/* SPDX-License-Identifier: MIT */
#include "cluster/order_parts.h"

#include "eth/keccak.h"
#include "eth/key.h"
#include "eth/refusal.h"
#include "eth/rlp.h"
#include "registry/revert.h"

#include <string.h>

/* ---- Checks ---- */

size_t cluster_order_size(const cluster_order *order)
{
    return order->data ? order->data->len : 0;
}

static int check_order(const cluster_order *order, base_error *error)
{
    size_t len = cluster_order_size(order);
    if (order->data && base_buf_failed(order->data))
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "%s: its data are not whole", order->what);
    if (len > CLUSTER_ORDER_DATA_MAX)
        return base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "%s: %zu bytes of data, more than %d",
                         order->what, len, CLUSTER_ORDER_DATA_MAX);
    if (order->creates && !len)
        return base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "%s: no code to create a contract with",
                         order->what);
    return 0;
}

int cluster_check_orders(const dstack_p2p *sdk, const cluster_order *orders, size_t count, base_error *error)
{
    const base_error *wrong = &sdk->config_error;
    if (wrong->code) return base_fail(error, wrong->code, "%s", wrong->text);
    if (!count || count > CLUSTER_ORDERS_MAX)
        return base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "%zu transactions at once: 1 to %d", count,
                         CLUSTER_ORDERS_MAX);
    for (size_t i = 0; i < count; i++)
        if (check_order(&orders[i], error)) return error->code;
    return 0;
}

int cluster_order_account(const dstack_p2p *sdk, uint8_t from20[static 20], base_error *error)
{
    uint8_t key33[33];
    if (!sdk->config.has_key)
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY,
                         "no private key to sign with: set PRIVATE_KEY_FILE or PRIVATE_KEY");
    if (!eth_key_public(sdk->config.key32, key33) || !eth_key_address(key33, from20))
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY, "the private key is not a valid one");
    return 0;
}

static int check_fee(const cluster_config *config, const cluster_quote *quote, base_error *error)
{
    char fee[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    if (quote->max_fee <= config->max_fee_per_gas) return 0;
    eth_wei_format_gwei(quote->max_fee, fee);
    eth_wei_format_gwei(config->max_fee_per_gas, ceiling);
    return base_fail(error, DSTACK_P2P_ERR_FEE_CEILING,
                     "up to %s per gas, more than the ceiling of %s (max_fee_per_gas); raise it, or wait "
                     "until gas is cheaper; nothing was sent",
                     fee, ceiling);
}

int cluster_check_quote(const cluster_config *config, const cluster_quote *quote, base_error *error)
{
    char needs[ETH_WEI_TEXT], other[ETH_WEI_TEXT];
    if (check_fee(config, quote, error)) return error->code;
    eth_wei_format(quote->most, needs);
    if (quote->most > config->max_fee_per_day) {
        eth_wei_format(config->max_fee_per_day, other);
        return base_fail(error, DSTACK_P2P_ERR_SPEND_CEILING,
                         "it can cost %s altogether, more than the ceiling of %s (max_fee_per_day); raise "
                         "it, or do less at once; nothing was sent",
                         needs, other);
    }
    if (quote->balance >= quote->most) return 0;
    eth_wei_format(quote->balance, other);
    return base_fail(error, DSTACK_P2P_ERR_NO_FUNDS,
                     "the paying account %s has %s, and needs up to %s; fund it; nothing was sent",
                     quote->from, other, needs);
}

static bool is_elsewhere(const cluster_order *order, const uint8_t from20[static 20], uint64_t nonce)
{
    static const uint8_t any[20];
    uint8_t address[20];
    return order->creates && memcmp(order->created20, any, 20) != 0 &&
           (!cluster_created_address(from20, nonce, address) || memcmp(order->created20, address, 20) != 0);
}

int cluster_check_creations(const cluster_order *orders, size_t count, const cluster_quote *quote,
                            uint64_t nonce, base_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (is_elsewhere(&orders[i], quote->from20, nonce + i))
            return base_fail(error, DSTACK_P2P_ERR_STATE,
                             "the account %s has sent something else meanwhile, so %s would get another "
                             "address; nothing was sent; start again",
                             quote->from, orders[i].what);
    return 0;
}

/* ---- Asking nodes about one ---- */

static void put_wei(base_buf *out, eth_wei value)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
    if (high)
        base_buf_printf(out, "\"0x%llx%016llx\"", (unsigned long long)high, (unsigned long long)low);
    else
        base_buf_printf(out, "\"0x%llx\"", (unsigned long long)low);
}

size_t cluster_ask_order(eth_batch *batch, const char *method, const cluster_order *order,
                         const uint8_t from20[static 20], const char *block)
{
    base_buf params = base_buf_make(2 * CLUSTER_ORDER_DATA_MAX + 512);
    base_buf_puts(&params, "[{\"from\":\"0x");
    base_buf_hex(&params, from20, 20);
    if (!order->creates) {
        base_buf_puts(&params, "\",\"to\":\"0x");
        base_buf_hex(&params, order->to20, 20);
    }
    base_buf_puts(&params, "\",\"value\":");
    put_wei(&params, order->value);
    base_buf_puts(&params, ",\"data\":\"0x");
    if (order->data) base_buf_hex(&params, order->data->data, order->data->len);
    base_buf_printf(&params, "\"},\"%s\"]", block);
    size_t at = eth_batch_add_params(batch, method, &params);
    base_buf_free(&params);
    return at;
}

bool cluster_explain_order(const eth_request *answer, const cluster_order *order, base_error *error)
{
    const base_buf *reason = &answer->error_data;
    if (!answer->has_error || (!reason->len && eth_request_refusal(answer) != ETH_BARE_REVERT)) return false;
    registry_explain_revert((const uint8_t *)reason->data, reason->len, error);
    base_error_context(error, "%s", order->what);
    return true;
}

/* ---- Addresses ---- */

bool cluster_created_address(const uint8_t from20[static 20], uint64_t nonce, uint8_t address20[static 20])
{
    uint8_t hash[32];
    base_buf items = base_buf_make(64), list = base_buf_make(64);
    eth_rlp_bytes(&items, from20, 20);
    eth_rlp_uint(&items, nonce);
    eth_rlp_list(&list, &items);
    bool ok = !base_buf_failed(&items) && !base_buf_failed(&list);
    if (ok) {
        eth_keccak256(list.data, list.len, hash);
        memcpy(address20, hash + 12, 20);
    }
    base_buf_free(&items);
    base_buf_free(&list);
    return ok;
}
