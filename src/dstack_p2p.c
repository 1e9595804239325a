/* SPDX-License-Identifier: MIT */
#include "dstack_p2p.h"

#include "base/event.h"
#include "base/gate.h"
#include "base/secret.h"
#include "cluster/peers.h"
#include "cluster/register.h"
#include "cluster/sdk.h"

#include <stdlib.h>
#include <string.h>

/*
 * The public skin: checks arguments, clears or sets the handle's error, delegates to cluster/.
 */

#ifdef DSTACK_P2P_PROJECT_VERSION
_Static_assert(sizeof DSTACK_P2P_VERSION == sizeof DSTACK_P2P_PROJECT_VERSION,
               "version of the header and of the build");
#endif

const char *dstack_p2p_version(void)
{
    return DSTACK_P2P_VERSION;
}

const char *dstack_p2p_code_name(int code)
{
    switch (code) {
    case DSTACK_P2P_OK:
        return "OK";
#define X(name, value, sentence)                                                                             \
    case value:                                                                                              \
        return #name;
        DSTACK_P2P_ERROR_MAP(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

const char *dstack_p2p_code_text(int code)
{
    switch (code) {
    case DSTACK_P2P_OK:
        return "success";
#define X(name, value, sentence)                                                                             \
    case value:                                                                                              \
        return sentence;
        DSTACK_P2P_ERROR_MAP(X)
#undef X
    default:
        return "unknown error";
    }
}

bool dstack_p2p_code_is_transient(int code)
{
    switch (code) {
    case DSTACK_P2P_ERR_GUEST_UNREACHABLE:
    case DSTACK_P2P_ERR_RPC_UNREACHABLE:
    case DSTACK_P2P_ERR_RPC_TIMEOUT:
    case DSTACK_P2P_ERR_RPC_ANSWER:
    case DSTACK_P2P_ERR_RPC_ERROR:
    case DSTACK_P2P_ERR_RPC_LIMITED:
    case DSTACK_P2P_ERR_UNCONFIRMED:
        return true;
    default:
        return false;
    }
}

dstack_p2p *dstack_p2p_new(const char *contract, const char *url)
{
    return dstack_p2p_new_with_options(contract, url, NULL);
}

dstack_p2p *dstack_p2p_new_with_options(const char *contract, const char *url,
                                        const dstack_p2p_options *options)
{
    dstack_p2p *sdk = calloc(1, sizeof *sdk);
    if (!sdk) return NULL;
    sdk->clock = base_clock_system();
    sdk->cancel_fd = base_event_new();
    sdk->gate_fd = base_gate_new();
    cluster_proofs_init(&sdk->proofs);
    bool watches = cluster_monitor_init(&sdk->monitor), keeps = cluster_keeper_init(&sdk->keeper);
    if (!watches || !keeps || sdk->cancel_fd < 0 || sdk->gate_fd < 0)
        base_fail(&sdk->config_error, DSTACK_P2P_ERR_SYSTEM, "the system refuses more descriptors");
    cluster_config_load(&sdk->config, contract, url, options, &sdk->config_error);
    atomic_store(&sdk->chain_id, sdk->config.chain_id);
    sdk->error = sdk->config_error;
    if (sdk->error.code != DSTACK_P2P_ERR_NO_MEMORY) return sdk;
    dstack_p2p_free(sdk);
    return NULL;
}

void dstack_p2p_free(dstack_p2p *sdk)
{
    if (!sdk) return;
    cluster_monitor_free(sdk);
    cluster_keeper_free(sdk);
    guest_client_free(sdk->guest);
    eth_rpc_free(sdk->rpc);
    cluster_identity_free(&sdk->identity);
    cluster_proofs_free(&sdk->proofs);
    cluster_config_free(&sdk->config);
    base_event_free(sdk->cancel_fd);
    base_gate_free(sdk->gate_fd);
    base_wipe(sdk, sizeof *sdk);
    free(sdk);
}

int dstack_p2p_errcode(const dstack_p2p *sdk)
{
    return sdk ? sdk->error.code : DSTACK_P2P_ERR_INVALID_ARGUMENT;
}

const char *dstack_p2p_errmsg(const dstack_p2p *sdk)
{
    return sdk ? sdk->error.text : "the handle is NULL";
}

void dstack_p2p_cancel(dstack_p2p *sdk)
{
    if (sdk) base_event_set(sdk->cancel_fd);
}

void dstack_p2p_resume(dstack_p2p *sdk)
{
    if (sdk) base_event_clear(sdk->cancel_fd);
}

/* Starts a call that may block: 0, or why it cannot be made. */
static int begin(dstack_p2p *sdk)
{
    base_error_clear(&sdk->error);
    if (sdk->config_error.code)
        sdk->error = sdk->config_error;
    else if (base_event_is_set(sdk->cancel_fd))
        base_fail(&sdk->error, DSTACK_P2P_ERR_CANCELLED, "the handle is cancelled; see dstack_p2p_resume()");
    return sdk->error.code;
}

/* The same for one that asks the guest agent or sends transactions; after 0 to be followed by leave(). */
static int enter(dstack_p2p *sdk)
{
    if (!begin(sdk) && !base_gate_enter(sdk->gate_fd, sdk->cancel_fd))
        base_fail(&sdk->error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for the monitor's thread");
    return sdk->error.code;
}

static int leave(dstack_p2p *sdk)
{
    base_gate_leave(sdk->gate_fd);
    return sdk->error.code;
}

static int membership(dstack_p2p *sdk, const char *url)
{
    cluster_session session;
    if (enter(sdk)) return sdk->error.code;
    if (!cluster_own_session(sdk, &session, &sdk->error)) cluster_register(&session, url, &sdk->error);
    if (*url) cluster_keeper_registered(sdk, &sdk->error, &session.standing);
    return leave(sdk);
}

int dstack_p2p_register(dstack_p2p *sdk)
{
    if (!sdk) return DSTACK_P2P_ERR_INVALID_ARGUMENT;
    if (begin(sdk)) return sdk->error.code;
    if (!sdk->config.url)
        return base_fail(&sdk->error, DSTACK_P2P_ERR_CONNECTION_URL,
                         "no connection URL: give one, or set CONNECTION_URL");
    return membership(sdk, sdk->config.url);
}

int dstack_p2p_withdraw(dstack_p2p *sdk)
{
    if (!sdk) return DSTACK_P2P_ERR_INVALID_ARGUMENT;
    cluster_keeper_let_go(sdk);
    return membership(sdk, "");
}

dstack_p2p_peers *dstack_p2p_get_peers(dstack_p2p *sdk)
{
    if (!sdk || begin(sdk) || cluster_need_contract(sdk, &sdk->error)) return NULL;
    eth_rpc *rpc = cluster_rpc(sdk, &sdk->error);
    return rpc ? cluster_read_peers(sdk, rpc, &sdk->paging, &sdk->error) : NULL;
}

/* The identity, or NULL with the reason on the handle. */
static const cluster_identity *identify(dstack_p2p *sdk)
{
    cluster_session session;
    if (!sdk || begin(sdk)) return NULL;
    if (sdk->has_identity) return &sdk->identity; /* whoever is inside the gate may be there for minutes */
    if (enter(sdk)) return NULL;
    if (!cluster_own_session(sdk, &session, &sdk->error)) cluster_identify(&session, &sdk->error);
    return leave(sdk) ? NULL : &sdk->identity;
}

const char *dstack_p2p_instance_id(dstack_p2p *sdk)
{
    const cluster_identity *id = identify(sdk);
    return id ? id->instance_text : NULL;
}

const char *dstack_p2p_instance_address(dstack_p2p *sdk)
{
    const cluster_identity *id = identify(sdk);
    return id ? id->address_text : NULL;
}

const char *dstack_p2p_app_id(dstack_p2p *sdk)
{
    const cluster_identity *id = identify(sdk);
    return id ? id->app_id_text : NULL;
}

const char *dstack_p2p_kms_root(dstack_p2p *sdk)
{
    const cluster_identity *id = identify(sdk);
    return id ? id->kms_root_text : NULL;
}

const char *dstack_p2p_payer_address(dstack_p2p *sdk)
{
    const cluster_identity *id = identify(sdk);
    return id ? id->payer_text : NULL;
}

const char *dstack_p2p_contract_address(dstack_p2p *sdk)
{
    return sdk && sdk->config.has_contract ? sdk->config.contract_text : NULL;
}

const char *dstack_p2p_connection_url(dstack_p2p *sdk)
{
    return sdk ? sdk->config.url : NULL;
}

uint64_t dstack_p2p_chain_id(const dstack_p2p *sdk)
{
    return sdk ? atomic_load(&sdk->chain_id) : 0;
}

int dstack_p2p_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context)
{
    if (!sdk) return DSTACK_P2P_ERR_INVALID_ARGUMENT;
    if (begin(sdk) || cluster_need_contract(sdk, &sdk->error)) return sdk->error.code;
    return cluster_monitor_start(sdk, callback, context, &sdk->error);
}

int dstack_p2p_monitor_stop(dstack_p2p *sdk)
{
    if (!sdk) return DSTACK_P2P_ERR_INVALID_ARGUMENT;
    cluster_monitor_stop(sdk);
    return DSTACK_P2P_OK;
}

void dstack_p2p_monitor_cancel(dstack_p2p *sdk)
{
    if (!sdk) return;
    base_event_set(sdk->monitor.stop_fd);
    cluster_keeper_cancel(sdk);
}

int dstack_p2p_monitor_fd(const dstack_p2p *sdk)
{
    return sdk ? sdk->monitor.changed_fd : -1;
}

dstack_p2p_peers *dstack_p2p_monitor_peers(dstack_p2p *sdk)
{
    return sdk ? cluster_monitor_take(sdk) : NULL;
}

int dstack_p2p_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status)
{
    if (!sdk || !status) return DSTACK_P2P_ERR_INVALID_ARGUMENT;
    cluster_monitor_status(sdk, status);
    return DSTACK_P2P_OK;
}
