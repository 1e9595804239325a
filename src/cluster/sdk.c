/* SPDX-License-Identifier: MIT */
#include "cluster/sdk.h"

eth_rpc *cluster_rpc(dstack_p2p *sdk, base_error *error)
{
    if (!sdk->rpc) {
        eth_rpc_config config = {.urls = sdk->config.rpc_urls,
                                 .timeout_ms = sdk->config.rpc_timeout_ms,
                                 .chain_id = sdk->config.chain_id,
                                 .cancel_fd = sdk->cancel_fd,
                                 .log = &sdk->config.log};
        sdk->rpc = eth_rpc_new(&config);
    }
    if (!sdk->rpc) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return sdk->rpc;
}

int cluster_send(dstack_p2p *sdk, eth_batch *batch, base_error *error)
{
    eth_rpc *rpc = cluster_rpc(sdk, error);
    if (!rpc || eth_rpc_send(rpc, batch, error)) return error->code;
    atomic_store(&sdk->chain_id, eth_rpc_chain_id(rpc));
    return 0;
}

int cluster_need_contract(const dstack_p2p *sdk, base_error *error)
{
    if (sdk->config.has_contract) return 0;
    return base_fail(error, DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                     "no contract address: give one, or set CONTRACT_ADDRESS");
}

int cluster_name_contract(const dstack_p2p *sdk, base_error *error)
{
    if (error->code == DSTACK_P2P_ERR_NO_CONTRACT || error->code == DSTACK_P2P_ERR_OTHER_CONTRACT)
        base_error_context(error, "%s", sdk->config.contract_text);
    return error->code;
}
