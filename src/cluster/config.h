/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_CONFIG_H
#define CLUSTER_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "eth/wei.h"

enum { CLUSTER_APPS_MAX = 16 };

/** A handle's configuration: argument over environment over default, checked and copied. */
typedef struct cluster_config {
    bool has_contract, has_key;
    uint8_t contract20[20];
    char contract_text[43];
    uint8_t *key32; /**< pays for gas, when has_key; else NULL. A block of base_secret_new() */
    char *url;      /**< NULL when missing */
    char *rpc_urls;
    char *guest_endpoint; /**< NULL = the usual places */
    uint64_t chain_id;    /**< 0 = not pinned */
    eth_wei max_fee_per_gas, max_priority_fee, max_fee_per_day;
    uint32_t guest_wait_ms, rpc_timeout_ms, confirm_timeout_ms, poll_interval_ms;
    const char *block; /**< "latest", "safe" or "finalized" */
    char *state_dir;   /**< NULL = the default */
    char *runtime_dir; /**< where the default one is; NULL = /tmp */
    char *cache_file;  /**< NULL = none */
    bool has_kms_root;
    uint8_t kms_root20[20];
    uint8_t app_ids20[CLUSTER_APPS_MAX][20]; /**< of peers; */
    size_t app_count;                        /**< 0 = any */
    dstack_p2p_evidence evidence;
    bool keeps; /**< the monitor looks after the registration */
    base_log log;
} cluster_config;

/**
 * Fills in a configuration from the arguments, the environment and the defaults. What is malformed is an
 * error; what is missing is left empty. To be freed also after a failure.
 */
int cluster_config_load(cluster_config *config, const char *contract, const char *url,
                        const dstack_p2p_options *options, base_error *error);

/** Wipes the key and frees the strings. */
void cluster_config_free(cluster_config *config);

#endif
