/* SPDX-License-Identifier: MIT */
#include "cluster/conditions.h"

#include "cluster/sdk.h"
#include "eth/chains.h"
#include "eth/key.h"
#include "registry/connection_url.h"

#include <string.h>

/* Whether a registration that was signed here could still be accepted. */
static bool may_still_land(const cluster_ledger *ledger, const registry_state *state,
                           const cluster_block *block)
{
    return ledger->open_anchor > state->last_anchor &&
           block->number <= ledger->open_anchor + CLUSTER_STATEMENT_BLOCKS;
}

bool cluster_is_done(const dstack_p2p *sdk, const registry_state *state, const cluster_block *block,
                     const char *url)
{
    const registry_peer *peer = &state->peer;
    if (!*url) return !peer->url_len && !may_still_land(&sdk->ledger, state, block);
    if (strcmp(state->url, url) != 0 || memcmp(peer->address20, sdk->identity.address20, 20) != 0)
        return false;
    if (!peer->expires_at) return true;
    uint64_t left = peer->expires_at > block->time ? peer->expires_at - block->time : 0;
    return left > state->lease_duration / 2;
}

/* Any signature gives some key, and any key some root. So before the KMS is blamed the guest agent signs
 * something else: a genuine app key comes out the same again. */
static int blame_link(const cluster_session *session, const registry_state *state, base_error *error)
{
    uint8_t signature[65];
    char root[43], trusted[43];
    if (cluster_sign_purpose(session, "dstack-p2p-check", "a test message", signature, error))
        return error->code;
    eth_address_format(session->sdk->identity.kms_root20, root);
    eth_address_format(state->kms_root20, trusted);
    return base_fail(
        error, DSTACK_P2P_ERR_WRONG_KMS_ROOT,
        "the contract trusts the KMS root %s, and this node's KMS signature over app id and app key "
        "gives %s: it is another KMS, or the signature is not over this app",
        trusted, root);
}

static int check_chain(const cluster_session *session, const registry_state *state, base_error *error)
{
    const cluster_identity *id = &session->sdk->identity;
    if (memcmp(id->kms_root20, state->kms_root20, 20) != 0) return blame_link(session, state, error);
    if (!state->app_allowed)
        return base_fail(error, DSTACK_P2P_ERR_APP_NOT_ALLOWED,
                         "the contract does not allow app 0x%s; its owner can call allowApp(0x%s)",
                         id->app_id_text, id->app_id_text);
    return 0;
}

static int check_admission(const dstack_p2p *sdk, const registry_state *state, bool withdraws,
                           base_error *error)
{
    const char *id = sdk->identity.instance_text;
    if (state->banned)
        return base_fail(error, DSTACK_P2P_ERR_BANNED, "instance %s is banned by the contract's owner", id);
    if (!state->has_ticket)
        return base_fail(error, DSTACK_P2P_ERR_NO_NFT,
                         "instance %s holds no NFT; the cluster's owner mints one with: dstack-p2p mint "
                         "--contract %s %s",
                         id, sdk->config.contract_text, id);
    if (state->paused && !withdraws)
        return base_fail(error, DSTACK_P2P_ERR_PAUSED, "the contract's owner has paused registration");
    return 0;
}

static int check_url(const dstack_p2p *sdk, const registry_state *state, const char *url, base_error *error)
{
    const char *base;
    size_t len;
    if (state->dev_mode) return 0;
    const char *wrong = registry_url_check_production(url, &base, &len);
    if (wrong)
        return base_fail(error, DSTACK_P2P_ERR_URL_REFUSED,
                         "the contract is in production mode and refuses the connection URL: %s", wrong);
    if (!state->base_allowed)
        return base_fail(error, DSTACK_P2P_ERR_URL_REFUSED,
                         "the contract does not allow the base domain %.*s; its owner can call addBaseDomain",
                         (int)len, base);
    if (state->bound_urls && !registry_url_is_bound(url, sdk->identity.instance20))
        return base_fail(error, DSTACK_P2P_ERR_URL_REFUSED,
                         "the contract wants URLs bound to the instance: https://%s[-<port>[s|g]].%.*s",
                         sdk->identity.instance_text, (int)len, base);
    return 0;
}

int cluster_check_conditions(const cluster_session *session, const registry_state *state, const char *url,
                             base_error *error)
{
    const dstack_p2p *sdk = session->sdk;
    bool withdraws = !*url;
    if (!eth_chain_has_block_hashes(sdk->chain_id))
        return base_fail(
            error, DSTACK_P2P_ERR_WRONG_CHAIN,
            "chain %llu shows contracts no hashes of its own blocks, and a registration is anchored "
            "in one: use another chain",
            (unsigned long long)sdk->chain_id);
    if (check_chain(session, state, error) || check_admission(sdk, state, withdraws, error))
        return error->code;
    return withdraws ? 0 : check_url(sdk, state, url, error);
}
