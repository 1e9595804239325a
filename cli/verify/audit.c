/* SPDX-License-Identifier: MIT */
#include "cli/verify/audit.h"

#include "registry/key_chain.h"

#include <stdlib.h>
#include <string.h>

enum { APP_KEY = 65, APP_ID = 65 + 33 }; /* where a certificate holds them */

static const char *const verdicts[] = {
    [REGISTRY_PROVEN] = "proven",
    [REGISTRY_NO_EVENT] = "no_event",
    [REGISTRY_NO_ANCHOR] = "no_anchor",
    [REGISTRY_OTHER_ADDRESS] = "other_address",
    [REGISTRY_NO_CERTIFICATE] = "no_certificate",
    [REGISTRY_OTHER_ROOT] = "other_root",
    [REGISTRY_OTHER_APP] = "other_app",
    [REGISTRY_NO_SIGNATURE] = "no_signature",
    [REGISTRY_OTHER_SIGNER] = "other_signer",
};

static const char *const sources[CLI_AUDIT_SOURCES] = {"option", "guest_agent", "contract"};

const char *cli_audit_verdict_name(registry_verdict verdict)
{
    return (size_t)verdict < sizeof verdicts / sizeof *verdicts ? verdicts[verdict] : NULL;
}

const char *cli_audit_source_name(cli_audit_source source)
{
    return source < CLI_AUDIT_SOURCES ? sources[source] : NULL;
}

void cli_audit_free(cli_audit *audit)
{
    free(audit->peers);
    *audit = (cli_audit){0};
}

const uint8_t *cli_audit_app_key(const cli_audit_peer *peer)
{
    return peer->event.kms_signature118 + APP_KEY;
}

const uint8_t *cli_audit_app_id(const cli_audit_peer *peer)
{
    return peer->event.kms_signature118 + APP_ID;
}

bool cli_audit_peer_root(const cli_audit_peer *peer, uint8_t root20[static 20])
{
    return peer->has_event && registry_recover_kms_root(cli_audit_app_id(peer), cli_audit_app_key(peer),
                                                        peer->event.kms_signature118, root20);
}

static registry_verdict judge(registry_verifier *verifier, const cli_audit_peer *peer)
{
    if (!peer->has_event) return REGISTRY_NO_EVENT;
    if (!peer->has_anchor) return REGISTRY_NO_ANCHOR;
    return registry_verify(verifier, &peer->event, peer->anchor_hash32);
}

void cli_audit_judge(cli_audit *audit)
{
    registry_verifier verifier = {.chain_id = audit->chain_id,
                                  .app_ids20 = (const uint8_t(*)[20])audit->app_ids20,
                                  .app_count = audit->app_count};
    memcpy(verifier.contract20, audit->contract20, 20);
    memcpy(verifier.kms_root20, audit->kms_root20, 20);
    audit->proven = 0;
    for (size_t i = 0; i < audit->count; i++) {
        audit->peers[i].verdict = judge(&verifier, &audit->peers[i]);
        audit->proven += audit->peers[i].verdict == REGISTRY_PROVEN;
    }
}
