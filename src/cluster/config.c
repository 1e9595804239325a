/* SPDX-License-Identifier: MIT */
#include "cluster/config.h"

#include "base/hex.h"
#include "cluster/private_key.h"
#include "eth/endpoints.h"
#include "eth/key.h"
#include "guest/endpoint.h"
#include "registry/connection_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RPC_URL "http://localhost:8545"
#define GWEI            ((eth_wei)1000000000)

/* What is longer is not told back to who gave it: it may be a private key in the wrong place. */
enum { SHOWN_ADDRESS_MAX = 46, SHOWN_NUMBER_MAX = 30, PATH_MAX_BYTES = 3072 };

enum {
    GUEST_WAIT_MS = 300000,
    RPC_TIMEOUT_MS = 10000,
    RPC_TIMEOUT_MAX_MS = 600000,
    CONFIRM_TIMEOUT_MS = 120000,
    POLL_INTERVAL_MS = 2000,
    POLL_INTERVAL_MIN_MS = 10
};

/* The argument, else the environment's value, else NULL; an empty one counts as not given. */
static const char *choose(const char *argument, const char *variable)
{
    const char *text = argument && *argument ? argument : getenv(variable);
    return text && *text ? text : NULL;
}

static int copy(const char *text, char **out, base_error *error)
{
    if (!text) return 0;
    *out = strdup(text);
    return *out ? 0 : base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
}

static int load_contract(cluster_config *config, const char *argument, base_error *error)
{
    const char *text = argument ? argument : choose(NULL, "CONTRACT_ADDRESS");
    static const uint8_t zero[20];
    if (!text) return 0;
    if (strlen(text) > SHOWN_ADDRESS_MAX)
        return base_fail(error, DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                         "the contract address is not 0x and 40 hex digits: it has %zu bytes", strlen(text));
    if (!eth_address_parse(text, config->contract20))
        return base_fail(error, DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                         "the contract address '%s' is not 0x and 40 hex digits, or its checksum is wrong",
                         text);
    if (!memcmp(config->contract20, zero, 20))
        return base_fail(error, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "the contract address is zero");
    eth_address_format(config->contract20, config->contract_text);
    config->has_contract = true;
    return 0;
}

static int load_url(cluster_config *config, const char *argument, base_error *error)
{
    const char *text = argument ? argument : choose(NULL, "CONNECTION_URL");
    if (!text) return 0;
    if (!*text)
        return base_fail(error, DSTACK_P2P_ERR_CONNECTION_URL,
                         "the connection URL is empty; to leave the cluster, withdraw");
    if (!registry_url_is_printable(text))
        return base_fail(error, DSTACK_P2P_ERR_CONNECTION_URL,
                         "the connection URL must be 1 to 256 visible ASCII bytes, without spaces");
    return copy(text, &config->url, error);
}

static int load_chain_id(cluster_config *config, uint64_t option, base_error *error)
{
    const char *text = choose(NULL, "CHAIN_ID");
    char *end;
    config->chain_id = option;
    if (option || !text) return 0;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || !value)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "CHAIN_ID is not a positive decimal number: '%s'",
                         strlen(text) > SHOWN_NUMBER_MAX ? "..." : text);
    config->chain_id = value;
    return 0;
}

static int load_endpoints(cluster_config *config, const dstack_p2p_options *options, base_error *error)
{
    const char *rpc = choose(options->rpc_url, "RPC_URL");
    const char *guest = choose(options->guest_endpoint, "DSTACK_SIMULATOR_ENDPOINT");
    guest_endpoint parsed;
    if (!rpc) rpc = DEFAULT_RPC_URL;
    if (eth_endpoints_check(rpc, error) || guest_endpoint_parse(guest, &parsed, error)) return error->code;
    return copy(rpc, &config->rpc_urls, error) ? error->code : copy(guest, &config->guest_endpoint, error);
}

static int load_root(cluster_config *config, const char *text, base_error *error)
{
    static const uint8_t zero[20];
    if (!text || !*text) return 0;
    if (strlen(text) > SHOWN_ADDRESS_MAX || !eth_address_parse(text, config->kms_root20) ||
        !memcmp(config->kms_root20, zero, 20))
        return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                         "kms_root is not 0x and 40 hex digits, has a wrong checksum, or is zero");
    config->has_kms_root = true;
    return 0;
}

static int bad_apps(base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                     "app_ids is not a comma-separated list of 1 to %d app ids of 40 hex digits",
                     CLUSTER_APPS_MAX);
}

static int load_apps(cluster_config *config, const char *text, base_error *error)
{
    for (bool more = text && *text; more;) {
        text = base_hex_skip_prefix(text);
        size_t len = strcspn(text, ",");
        if (config->app_count == CLUSTER_APPS_MAX ||
            !base_hex_decode(text, len, config->app_ids20[config->app_count], 20))
            return bad_apps(error);
        config->app_count++;
        more = text[len];
        text += len + more;
    }
    return 0;
}

static int load_path(const char *argument, const char *variable, char **out, base_error *error)
{
    const char *text = choose(argument, variable);
    if (text && strlen(text) > PATH_MAX_BYTES)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "%s is longer than %d bytes", variable,
                         PATH_MAX_BYTES);
    return copy(text, out, error);
}

static int load_places(cluster_config *config, const dstack_p2p_options *options, base_error *error)
{
    const char *runtime = choose(NULL, "XDG_RUNTIME_DIR");
    if (load_path(options->state_dir, "DSTACK_P2P_STATE_DIR", &config->state_dir, error)) return error->code;
    if (runtime && *runtime == '/' && strlen(runtime) <= PATH_MAX_BYTES &&
        copy(runtime, &config->runtime_dir, error))
        return error->code;
    return load_path(options->cache_file, "DSTACK_P2P_CACHE_FILE", &config->cache_file, error);
}

static int load_choices(cluster_config *config, const dstack_p2p_options *options, base_error *error)
{
    if ((unsigned)options->evidence > DSTACK_P2P_EVIDENCE_OFF ||
        (unsigned)options->keep > DSTACK_P2P_KEEP_OFF)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "the %s option is none of the known ones",
                         (unsigned)options->keep > DSTACK_P2P_KEEP_OFF ? "keep" : "evidence");
    config->evidence = options->evidence;
    config->keeps = options->keep == DSTACK_P2P_KEEP_ON;
    return load_apps(config, options->app_ids, error) ? error->code
                                                      : load_root(config, options->kms_root, error);
}

static int load_block(cluster_config *config, dstack_p2p_block block, base_error *error)
{
    static const char *const tags[] = {"latest", "safe", "finalized"};
    if ((unsigned)block >= sizeof tags / sizeof *tags)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "the block option is none of the known ones");
    config->block = tags[block];
    return 0;
}

static int load_numbers(cluster_config *config, const dstack_p2p_options *options, base_error *error)
{
    config->max_fee_per_gas = options->max_fee_per_gas ? options->max_fee_per_gas : 500 * GWEI;
    config->max_priority_fee =
        options->max_priority_fee_per_gas ? options->max_priority_fee_per_gas : 50 * GWEI;
    config->max_fee_per_day = options->max_fee_per_day ? options->max_fee_per_day : 50000000 * GWEI;
    config->guest_wait_ms = options->guest_wait_ms ? options->guest_wait_ms : GUEST_WAIT_MS;
    config->rpc_timeout_ms = options->rpc_timeout_ms ? options->rpc_timeout_ms : RPC_TIMEOUT_MS;
    config->confirm_timeout_ms =
        options->confirm_timeout_ms ? options->confirm_timeout_ms : CONFIRM_TIMEOUT_MS;
    config->poll_interval_ms = options->poll_interval_ms ? options->poll_interval_ms : POLL_INTERVAL_MS;
    if (config->rpc_timeout_ms > RPC_TIMEOUT_MAX_MS)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "rpc_timeout_ms is above %d", RPC_TIMEOUT_MAX_MS);
    if (config->poll_interval_ms < POLL_INTERVAL_MIN_MS)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "poll_interval_ms is below %d", POLL_INTERVAL_MIN_MS);
    return load_block(config, options->block, error);
}

static int check_options(const dstack_p2p_options *options, base_error *error)
{
    for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
        if (options->reserved[i])
            return base_fail(
                error, DSTACK_P2P_ERR_CONFIG,
                "an option is set that this library (%s) does not know, or the options were not cleared",
                DSTACK_P2P_VERSION);
    if ((unsigned)options->log_level > DSTACK_P2P_LOG_DEBUG)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG, "log_level is none of the known ones");
    return 0;
}

int cluster_config_load(cluster_config *config, const char *contract, const char *url,
                        const dstack_p2p_options *options, base_error *error)
{
    static const dstack_p2p_options defaults;
    if (!options) options = &defaults;
    memset(config, 0, sizeof *config);
    if (check_options(options, error)) return error->code;
    config->log = (base_log){options->log, options->log_context,
                             options->log_level ? options->log_level : DSTACK_P2P_LOG_WARNING};
    if (load_contract(config, contract, error) || load_url(config, url, error) ||
        load_chain_id(config, options->chain_id, error) || load_endpoints(config, options, error) ||
        load_numbers(config, options, error) || load_places(config, options, error) ||
        load_choices(config, options, error))
        return error->code;
    cluster_private_key_load(options->private_key, options->private_key_file, &config->log, &config->key32,
                             error);
    config->has_key = config->key32;
    return error->code;
}

void cluster_config_free(cluster_config *config)
{
    cluster_private_key_free(config->key32);
    free(config->url);
    free(config->rpc_urls);
    free(config->guest_endpoint);
    free(config->state_dir);
    free(config->runtime_dir);
    free(config->cache_file);
}
