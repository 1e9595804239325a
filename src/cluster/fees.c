/* SPDX-License-Identifier: MIT */
#include "cluster/fees.h"

#include "eth/quantity.h"

static const eth_wei default_tip = 1000000000; /* 1 gwei, where the node suggests none */

uint64_t cluster_gas_limit(size_t url_len, bool is_gateway)
{
    /* Measured, see bench/README.md: the dearest registration, which is a contract's first one, of an app
     * whose certificate has not been verified before, in production mode; what each 32 bytes of a URL that is
     * kept as it stands add (calldata, a storage slot, the event); with 10 % to spare. */
    enum { GATEWAY = 170000, REGISTER = 165000, PER_WORD = 25000, WITHDRAW = 110000 };
    if (!url_len) return WITHDRAW;
    return is_gateway ? GATEWAY : REGISTER + PER_WORD * (((uint64_t)url_len + 31) / 32);
}

eth_wei cluster_read_tip(const eth_request *answer, const cluster_block *block)
{
    eth_wei tip;
    if (!answer->has_error && eth_quantity_wei(answer->result, &tip)) return tip;
    return block->base_fee < default_tip ? block->base_fee : default_tip;
}

static int too_expensive(const cluster_config *config, eth_wei needed, base_error *error)
{
    char now[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    eth_wei_format_gwei(needed, now);
    eth_wei_format_gwei(config->max_fee_per_gas, ceiling);
    return base_fail(error, DSTACK_P2P_ERR_FEE_CEILING,
                     "gas costs %s now, base fee and tip together, more than the ceiling of %s "
                     "(max_fee_per_gas); nothing was sent",
                     now, ceiling);
}

/* `what` it is, "a tip of", and which setting limits it. */
static int raised_too_high(const char *what, eth_wei fee, eth_wei limit, const char *setting,
                           base_error *error)
{
    char needed[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    eth_wei_format_gwei(fee, needed);
    eth_wei_format_gwei(limit, ceiling);
    return base_fail(error, DSTACK_P2P_ERR_FEE_CEILING,
                     "a replacement takes %s %s, more than the ceiling of %s (%s); nothing was sent", what,
                     needed, ceiling, setting);
}

int cluster_choose_fees(const cluster_config *config, const cluster_block *block, eth_wei tip,
                        uint64_t gas_limit, cluster_fees *fees, base_error *error)
{
    if (!block->has_base_fee)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the chain's blocks have no base fee: it does not take EIP-1559 transactions");
    if (tip > config->max_priority_fee) tip = config->max_priority_fee;
    eth_wei needed = eth_wei_add(block->base_fee, tip);
    if (needed > config->max_fee_per_gas) return too_expensive(config, needed, error);
    fees->gas_limit = gas_limit;
    fees->max_priority_fee = tip;
    fees->max_fee = eth_wei_add(needed, block->base_fee);
    if (fees->max_fee > config->max_fee_per_gas) fees->max_fee = config->max_fee_per_gas;
    fees->most = eth_wei_mul(fees->max_fee, gas_limit);
    return 0;
}

static eth_wei raised(eth_wei fee, eth_wei before)
{
    eth_wei least = eth_wei_add(eth_wei_add(before, before / 8), 1);
    return fee > least ? fee : least;
}

void cluster_fees_raise(cluster_fees *fees, const cluster_fees *before)
{
    fees->max_fee = raised(fees->max_fee, before->max_fee);
    fees->max_priority_fee = raised(fees->max_priority_fee, before->max_priority_fee);
    fees->most = eth_wei_mul(fees->max_fee, fees->gas_limit);
}

int cluster_check_funds(const cluster_config *config, const cluster_fees *fees, eth_wei spent, eth_wei added,
                        eth_wei balance, const char *payer, base_error *error)
{
    char has[ETH_WEI_TEXT], needs[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    eth_wei_format(fees->most, needs);
    if (fees->max_priority_fee > config->max_priority_fee)
        return raised_too_high("a tip of", fees->max_priority_fee, config->max_priority_fee,
                               "max_priority_fee_per_gas", error);
    if (fees->max_fee > config->max_fee_per_gas)
        return raised_too_high("gas at up to", fees->max_fee, config->max_fee_per_gas, "max_fee_per_gas",
                               error);
    if (eth_wei_add(spent, added) > config->max_fee_per_day) {
        eth_wei_format(spent, has);
        eth_wei_format(config->max_fee_per_day, ceiling);
        return base_fail(
            error, DSTACK_P2P_ERR_SPEND_CEILING,
            "the transaction can cost %s and %s are spent within 24 hours, which together exceed the "
            "ceiling of %s (max_fee_per_day); nothing was sent",
            needs, has, ceiling);
    }
    if (balance >= fees->most) return 0;
    eth_wei_format(balance, has);
    return base_fail(error, DSTACK_P2P_ERR_NO_FUNDS,
                     "the paying account %s has %s, and the transaction needs up to %s; fund it, or give a "
                     "PRIVATE_KEY_FILE that pays",
                     payer, has, needs);
}
