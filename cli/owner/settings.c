/* SPDX-License-Identifier: MIT */
#include "cli/owner/settings.h"

#include "eth/quantity.h"
#include "registry/contract_abi.h"
#include "registry/membership.h"

#include <string.h>

enum { BLOCK, BALANCE, VIEWS }; /* the order of the questions */

typedef enum view_kind { VIEW_BOOL, VIEW_U64, VIEW_ADDRESS, VIEW_WORD } view_kind;

#define FIELD(member) offsetof(owner_settings, member)

static const struct {
    uint32_t selector;
    view_kind kind;
    size_t offset;
} views[] = {{CONTRACT_SEL_OWNER, VIEW_ADDRESS, FIELD(owner20)},
             {CONTRACT_SEL_PENDING_OWNER, VIEW_ADDRESS, FIELD(pending_owner20)},
             {CONTRACT_SEL_KMS_ROOT_ADDRESS, VIEW_ADDRESS, FIELD(kms_root20)},
             {CONTRACT_SEL_DEV_MODE, VIEW_BOOL, FIELD(dev_mode)},
             {CONTRACT_SEL_INSTANCE_BOUND_URLS, VIEW_BOOL, FIELD(bound_urls)},
             {CONTRACT_SEL_REGISTRATION_PAUSED, VIEW_BOOL, FIELD(paused)},
             {CONTRACT_SEL_REQUIRE_NFT_AT_BOOT, VIEW_BOOL, FIELD(require_nft)},
             {CONTRACT_SEL_ALLOW_ANY_DEVICE, VIEW_BOOL, FIELD(any_device)},
             {CONTRACT_SEL_REQUIRE_TCB_UP_TO_DATE, VIEW_BOOL, FIELD(require_tcb)},
             {CONTRACT_SEL_PUBLIC_MINTING, VIEW_BOOL, FIELD(public_minting)},
             {CONTRACT_SEL_LEASE_DURATION, VIEW_U64, FIELD(lease_seconds)},
             {CONTRACT_SEL_MAX_NODES, VIEW_U64, FIELD(max_nodes)},
             {CONTRACT_SEL_TOTAL_SUPPLY, VIEW_U64, FIELD(total_supply)},
             {CONTRACT_SEL_PEER_COUNT, VIEW_U64, FIELD(peer_slots)},
             {CONTRACT_SEL_VERSION, VIEW_U64, FIELD(version)},
             {CONTRACT_SEL_POLICY_EPOCH, VIEW_U64, FIELD(policy_epoch)},
             {CONTRACT_SEL_MINT_PRICE, VIEW_WORD, FIELD(mint_price32)}};

size_t owner_ask_settings(eth_batch *batch, const uint8_t contract20[static 20])
{
    size_t first = cluster_ask_block(batch, "latest");
    base_buf address = base_buf_make(41);
    base_buf_hex(&address, contract20, 20);
    eth_batch_add(batch, "eth_getBalance", "[\"0x%s\",\"latest\"]", address.data ? address.data : "");
    base_buf_free(&address);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        registry_ask_view(batch, contract20, views[i].selector, NULL, 0, "latest");
    return first;
}

static int read_view(size_t i, const eth_request *answer, owner_settings *settings, base_error *error)
{
    void *field = (char *)settings + views[i].offset;
    switch (views[i].kind) {
    case VIEW_BOOL:
        return registry_read_bool(answer, field, error);
    case VIEW_U64:
        return registry_read_u64(answer, field, error);
    case VIEW_ADDRESS:
        return registry_read_address(answer, field, error);
    default:
        return registry_read_word(answer, field, error);
    }
}

/* Neither can be zero in ours; other code may answer zeros to everything. */
static int check_contract(const owner_settings *settings, base_error *error)
{
    static const uint8_t zero[20];
    if (memcmp(settings->owner20, zero, 20) != 0 && memcmp(settings->kms_root20, zero, 20) != 0) return 0;
    return base_fail(error, DSTACK_P2P_ERR_OTHER_CONTRACT,
                     "the contract's answer is not a DstackMembershipNFT's; check its address");
}

int owner_read_settings(const eth_batch *batch, size_t first, owner_settings *settings, base_error *error)
{
    const eth_request *answers = &batch->requests[first];
    memset(settings, 0, sizeof *settings);
    if (cluster_read_block(&answers[BLOCK], &settings->block, error) ||
        eth_request_check(&answers[BALANCE], error))
        return error->code;
    if (!eth_quantity_wei(answers[BALANCE].result, &settings->fees))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node's answer to eth_getBalance is malformed");
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (read_view(i, &answers[VIEWS + i], settings, error)) return error->code;
    return check_contract(settings, error);
}

eth_wei owner_wei(const uint8_t word32[static 32])
{
    static const uint8_t zero[16];
    eth_wei wei = 0;
    if (memcmp(word32, zero, 16) != 0) return ETH_WEI_MAX;
    for (int i = 16; i < 32; i++)
        wei = wei << 8 | word32[i];
    return wei;
}

void owner_wei_word(eth_wei wei, uint8_t word32[static 32])
{
    memset(word32, 0, 32);
    for (int i = 31; wei; i--, wei >>= 8)
        word32[i] = (uint8_t)wei;
}
