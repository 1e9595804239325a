/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_SETTINGS_H
#define CLI_OWNER_SETTINGS_H

#include "cluster/block.h"
#include "eth/batch.h"
#include "eth/wei.h"

/** All that the contract holds but its peers, apps, domains and hashes. */
typedef struct owner_settings {
    cluster_block block; /**< that it was read at */
    eth_wei fees;        /**< its balance */
    uint8_t owner20[20], pending_owner20[20], kms_root20[20];
    bool dev_mode, bound_urls, paused, require_nft, any_device, require_tcb, public_minting;
    uint64_t lease_seconds, max_nodes, total_supply, peer_slots, version, policy_epoch;
    uint8_t mint_price32[32];
} owner_settings;

/** Adds the questions; the index of the first one in the batch. */
size_t owner_ask_settings(eth_batch *batch, const uint8_t contract20[static 20]);

int owner_read_settings(const eth_batch *batch, size_t first, owner_settings *settings, base_error *error);

/** The amount that a word is; ETH_WEI_MAX for what does not fit. */
eth_wei owner_wei(const uint8_t word32[static 32]);

/** The word that an amount is. */
void owner_wei_word(eth_wei wei, uint8_t word32[static 32]);

#endif
