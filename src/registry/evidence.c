/* SPDX-License-Identifier: MIT */
#include "registry/evidence.h"

#include "eth/key.h"

#include <string.h>

enum { APP_KEY = 65, APP_ID = 65 + 33 }; /* where a certificate holds them */

const char *registry_verdict_text(registry_verdict verdict)
{
    switch (verdict) {
    case REGISTRY_PROVEN:
        return "its evidence holds";
    case REGISTRY_NO_EVENT:
        return "no event of the contract registers it with this address and URL";
    case REGISTRY_NO_ANCHOR:
        return "the block that its statement is anchored at does not exist";
    case REGISTRY_OTHER_ADDRESS:
        return "its address is not that of its derived key";
    case REGISTRY_NO_CERTIFICATE:
        return "its certificate holds no signature";
    case REGISTRY_OTHER_ROOT:
        return "its certificate is by another KMS root";
    case REGISTRY_OTHER_APP:
        return "it is an instance of another app than those of app_ids";
    case REGISTRY_NO_SIGNATURE:
        return "its statement holds no signature";
    default:
        return "its statement is not signed by the app key of its certificate";
    }
}

uint64_t registry_event_anchor(const registry_event *event)
{
    uint64_t anchor = 0;
    for (size_t i = 65; i < REGISTRY_APP_SIGNATURE; i++)
        anchor = anchor << 8 | event->app_signature73[i];
    return anchor;
}

static bool is_wanted(const registry_verifier *verifier, const uint8_t app_id20[static 20])
{
    for (size_t i = 0; i < verifier->app_count; i++)
        if (!memcmp(verifier->app_ids20[i], app_id20, 20)) return true;
    return !verifier->app_count;
}

static registry_verdict judge_certificate(const registry_verifier *verifier,
                                          const uint8_t certificate118[static REGISTRY_KMS_SIGNATURE])
{
    uint8_t root[20];
    const uint8_t *app_id = certificate118 + APP_ID, *app_key = certificate118 + APP_KEY;
    if (!registry_recover_kms_root(app_id, app_key, certificate118, root)) return REGISTRY_NO_CERTIFICATE;
    if (memcmp(root, verifier->kms_root20, 20) != 0) return REGISTRY_OTHER_ROOT;
    return is_wanted(verifier, app_id) ? REGISTRY_PROVEN : REGISTRY_OTHER_APP;
}

static registry_verdict verify_certificate(registry_verifier *verifier, const registry_event *event)
{
    const uint8_t *certificate = event->kms_signature118;
    bool same =
        verifier->has_certificate && !memcmp(verifier->certificate118, certificate, REGISTRY_KMS_SIGNATURE);
    if (!same) {
        verifier->verdict = judge_certificate(verifier, certificate);
        memcpy(verifier->certificate118, certificate, REGISTRY_KMS_SIGNATURE);
        verifier->has_certificate = true;
    }
    return verifier->verdict;
}

static registry_verdict verify_statement(const registry_verifier *verifier, const registry_event *event,
                                         const uint8_t anchor_hash32[static 32])
{
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t app_key[33];
    registry_statement statement = {
        .chain_id = verifier->chain_id, .url = event->url, .anchor_number = registry_event_anchor(event)};
    memcpy(statement.contract20, verifier->contract20, 20);
    memcpy(statement.instance20, event->instance20, 20);
    memcpy(statement.anchor_hash32, anchor_hash32, 32);
    registry_purpose(&statement, purpose);
    if (!registry_recover_app_key(purpose, event->derived_key33, event->app_signature73, app_key))
        return REGISTRY_NO_SIGNATURE;
    return memcmp(app_key, event->kms_signature118 + APP_KEY, 33) ? REGISTRY_OTHER_SIGNER : REGISTRY_PROVEN;
}

registry_verdict registry_verify(registry_verifier *verifier, const registry_event *event,
                                 const uint8_t anchor_hash32[static 32])
{
    uint8_t address[20];
    if (!eth_key_address(event->derived_key33, address) || memcmp(address, event->address20, 20) != 0)
        return REGISTRY_OTHER_ADDRESS;
    registry_verdict verdict = verify_certificate(verifier, event);
    return verdict ? verdict : verify_statement(verifier, event, anchor_hash32);
}
