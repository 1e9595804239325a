/* SPDX-License-Identifier: MIT */
#include "cluster/identity.h"

#include "base/gate.h"
#include "base/hex.h"
#include "base/secret.h"
#include "cluster/sdk.h"
#include "eth/key.h"
#include "registry/key_chain.h"
#include "registry/statement.h"

#include <string.h>

/* What the app key signs when only the derived key is asked for: no statement begins like this. */
#define IDENTITY_PURPOSE "dstack-p2p"

guest_client *cluster_meet_guest(const dstack_p2p *sdk, uint32_t wait_ms, int cancel_fd, base_error *error)
{
    guest_config config = {.endpoint = sdk->config.guest_endpoint,
                           .wait_ms = wait_ms,
                           .cancel_fd = cancel_fd,
                           .clock = sdk->clock,
                           .log = &sdk->config.log};
    guest_client *guest = guest_client_new(&config);
    if (!guest) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return guest;
}

static int broken_link(const char *link, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_KEY_CHAIN, "the guest agent's key chain is broken: %s", link);
}

static int check_key(const guest_key *key, cluster_identity *id, base_error *error)
{
    if (!eth_key_public(key->key32, id->derived_key33) || !eth_key_address(id->derived_key33, id->address20))
        return broken_link("the derived key is not a secp256k1 private key", error);
    if (!registry_recover_app_key(IDENTITY_PURPOSE, id->derived_key33, key->app_signature65, id->app_key33))
        return broken_link("the app key's signature over the derived key is none", error);
    if (!registry_recover_kms_root(id->app_id20, id->app_key33, key->kms_signature65, id->kms_root20))
        return broken_link("the KMS signature over the app key is none", error);
    memcpy(id->kms_signature65, key->kms_signature65, 65);
    return 0;
}

static guest_key *new_key(base_error *error)
{
    guest_key *key = base_secret_new(sizeof *key, NULL);
    if (!key) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return key;
}

static int keep_key(const guest_key *key, cluster_identity *id, base_error *error)
{
    id->derived_key32 = base_secret_new(32, NULL);
    if (!id->derived_key32) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    memcpy(id->derived_key32, key->key32, 32);
    return 0;
}

static int derive(const dstack_p2p *sdk, guest_client *guest, cluster_identity *id, base_error *error)
{
    char path[REGISTRY_PATH_TEXT];
    guest_key *key = new_key(error);
    if (!key) return error->code;
    registry_key_path(id->instance20, path);
    int code = guest_client_get_key(guest, path, IDENTITY_PURPOSE, key, error);
    if (!code) code = check_key(key, id, error);
    if (!code && !sdk->config.has_key) code = keep_key(key, id, error);
    base_secret_free(key, sizeof *key);
    return code;
}

static int choose_payer(const cluster_config *config, cluster_identity *id, base_error *error)
{
    uint8_t public_key[33];
    memcpy(id->payer20, id->address20, 20);
    if (config->has_key &&
        (!eth_key_public(config->key32, public_key) || !eth_key_address(public_key, id->payer20)))
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY, "the private key is invalid");
    return 0;
}

static void write_texts(cluster_identity *id)
{
    base_hex_encode(id->instance20, 20, id->instance_text);
    base_hex_encode(id->app_id20, 20, id->app_id_text);
    eth_address_format(id->address20, id->address_text);
    eth_address_format(id->payer20, id->payer_text);
    eth_address_format(id->kms_root20, id->kms_root_text);
}

static int identify(dstack_p2p *sdk, guest_client *guest, base_error *error)
{
    guest_info info;
    cluster_identity id = {0};
    if (guest_client_info(guest, &info, error)) return error->code;
    memcpy(id.instance20, info.instance_id20, 20);
    memcpy(id.app_id20, info.app_id20, 20);
    if (!derive(sdk, guest, &id, error) && !choose_payer(&sdk->config, &id, error)) {
        write_texts(&id);
        sdk->identity = id;
        sdk->has_identity = true;
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_INFO, "instance %s of app %s, address %s",
                       id.instance_text, id.app_id_text, id.address_text);
    }
    if (error->code) cluster_identity_free(&id);
    return error->code;
}

int cluster_identify(const cluster_session *session, base_error *error)
{
    return session->sdk->has_identity ? 0 : identify(session->sdk, session->guest, error);
}

int cluster_identify_at_once(dstack_p2p *sdk, int cancel_fd, base_error *error)
{
    if (sdk->has_identity) return 0;
    if (!base_gate_try(sdk->gate_fd))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_UNREACHABLE,
                         "another call is waiting for the guest agent");
    guest_client *guest =
        sdk->has_identity ? NULL : cluster_meet_guest(sdk, DSTACK_P2P_NO_WAIT, cancel_fd, error);
    if (guest) identify(sdk, guest, error);
    guest_client_free(guest);
    base_gate_leave(sdk->gate_fd);
    return error->code;
}

int cluster_sign_purpose(const cluster_session *session, const char *purpose, const char *what,
                         uint8_t app_signature65[static 65], base_error *error)
{
    const cluster_identity *id = &session->sdk->identity;
    char path[REGISTRY_PATH_TEXT];
    uint8_t app_key[33], derived_key[33];
    guest_key *key = new_key(error);
    if (!key) return error->code;
    registry_key_path(id->instance20, path);
    int code = guest_client_get_key(session->guest, path, purpose, key, error);
    if (!code &&
        (!eth_key_public(key->key32, derived_key) || memcmp(derived_key, id->derived_key33, 33) != 0))
        code = broken_link("it gave another derived key for the same path than before", error);
    if (!code && (!registry_recover_app_key(purpose, derived_key, key->app_signature65, app_key) ||
                  memcmp(app_key, id->app_key33, 33) != 0))
        code = base_fail(
            error, DSTACK_P2P_ERR_KEY_CHAIN,
            "the guest agent's key chain is broken: the signature over %s is not of the app key that "
            "signed before",
            what);
    memcpy(app_signature65, key->app_signature65, 65);
    base_secret_free(key, sizeof *key);
    return code;
}

void cluster_identity_free(cluster_identity *id)
{
    base_secret_free(id->derived_key32, 32);
    id->derived_key32 = NULL;
}
