/* SPDX-License-Identifier: MIT */
#include "cluster/sdk.h"

eth_rpc *cluster_connect(dstack_p2p *sdk, bool retries, int cancel_fd)
{
    eth_rpc_config config = {.urls = sdk->config.rpc_urls,
                             .timeout_ms = sdk->config.rpc_timeout_ms,
                             .chain_id = atomic_load(&sdk->chain_id),
                             .retries = retries,
                             .cancel_fd = cancel_fd,
                             .log = &sdk->config.log,
                             .clock = sdk->clock,
                             .meter = &sdk->meter};
    return eth_rpc_new(&config);
}

eth_rpc *cluster_rpc(dstack_p2p *sdk, base_error *error)
{
    if (!sdk->rpc) sdk->rpc = cluster_connect(sdk, true, sdk->cancel_fd);
    if (!sdk->rpc) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return sdk->rpc;
}

int cluster_exchange(dstack_p2p *sdk, eth_rpc *rpc, eth_batch *batch, base_error *error)
{
    uint64_t pinned = atomic_load(&sdk->chain_id), chain_id;
    if (pinned) eth_rpc_pin_chain(rpc, pinned);
    if (eth_rpc_send(rpc, batch, error)) return error->code;
    chain_id = eth_rpc_chain_id(rpc);
    pinned = 0;
    if (!chain_id || atomic_compare_exchange_strong(&sdk->chain_id, &pinned, chain_id) || pinned == chain_id)
        return 0;
    eth_rpc_pin_chain(rpc, pinned); /* the other connection was first */
    return base_fail(error, DSTACK_P2P_ERR_WRONG_CHAIN,
                     "the node is on chain %llu, not on chain %llu as before", (unsigned long long)chain_id,
                     (unsigned long long)pinned);
}

int cluster_own_session(dstack_p2p *sdk, cluster_session *session, base_error *error)
{
    *session = (cluster_session){.sdk = sdk, .cancel_fd = sdk->cancel_fd};
    if (!sdk->guest) sdk->guest = cluster_meet_guest(sdk, sdk->config.guest_wait_ms, sdk->cancel_fd, error);
    session->guest = sdk->guest;
    session->rpc = cluster_rpc(sdk, error);
    return error->code;
}

int cluster_send(const cluster_session *session, eth_batch *batch, base_error *error)
{
    return cluster_exchange(session->sdk, session->rpc, batch, error);
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
