/* SPDX-License-Identifier: MIT */
#include "cli/verify/audit.h"
#include "cli/verify/audit_format.h"

#include "base/hex.h"
#include "eth/key.h"

/* An audit as JSON. What cannot be put in makes the whole NULL: json_pack() passes that on. */

static json_t *hex(const void *data, size_t len)
{
    char text[2 + 2 * REGISTRY_KMS_SIGNATURE + 1] = "0x";
    base_hex_encode(data, len, text + 2);
    return json_string(text);
}

static json_t *id(const uint8_t id20[static 20])
{
    char text[41];
    base_hex_encode(id20, 20, text);
    return json_string(text);
}

static json_t *address(const uint8_t address20[static 20])
{
    char text[43];
    eth_address_format(address20, text);
    return json_string(text);
}

static json_t *number(uint64_t value)
{
    return json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX);
}

static json_t *event(const cli_audit_peer *peer)
{
    const registry_event *it = &peer->event;
    if (!peer->has_event) return json_null();
    return json_pack("{so so so so so so so}", "block_number", number(it->block_number), "block_hash",
                     hex(it->block_hash32, 32), "transaction_hash", hex(it->tx_hash32, 32), "log_index",
                     number(it->log_index), "derived_key", hex(it->derived_key33, 33), "app_signature",
                     hex(it->app_signature73, 73), "kms_signature", hex(it->kms_signature118, 118));
}

static json_t *anchor(const cli_audit_peer *peer)
{
    if (!peer->has_anchor) return json_null();
    return json_pack("{so so}", "number", number(registry_event_anchor(&peer->event)), "hash",
                     hex(peer->anchor_hash32, 32));
}

static json_t *peer(const cli_audit_peer *it)
{
    uint8_t root[20];
    bool has_root = cli_audit_peer_root(it, root);
    return json_pack("{so ss so so so so so so ss so so}", "instance_id", id(it->event.instance20), "url",
                     it->event.url, "instance_address", address(it->event.address20), "registered_at",
                     number(it->registered_at), "expires_at", number(it->expires_at), "app_id",
                     it->has_event ? id(cli_audit_app_id(it)) : json_null(), "app_key",
                     it->has_event ? hex(cli_audit_app_key(it), 33) : json_null(), "kms_root",
                     has_root ? address(root) : json_null(), "verdict", cli_audit_verdict_name(it->verdict),
                     "event", event(it), "anchor", anchor(it));
}

static json_t *peers(const cli_audit *audit)
{
    json_t *list = json_array();
    for (size_t i = 0; i < audit->count; i++)
        if (json_array_append_new(list, peer(&audit->peers[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *apps(const cli_audit *audit)
{
    json_t *list = json_array();
    for (size_t i = 0; i < audit->app_count; i++)
        if (json_array_append_new(list, id(audit->app_ids20[i]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

json_t *cli_audit_write(const cli_audit *audit)
{
    json_t *block = json_pack("{so so so}", "number", number(audit->block_number), "hash",
                              hex(audit->block_hash32, 32), "time", number(audit->block_time));
    return json_pack("{ss so so so so so ss so so so so}", "format", CLI_AUDIT_FORMAT, "chain_id",
                     number(audit->chain_id), "contract", address(audit->contract20), "block", block,
                     "kms_root", address(audit->kms_root20), "contract_kms_root",
                     address(audit->contract_root20), "kms_root_from", cli_audit_source_name(audit->source),
                     "app_ids", apps(audit), "proven", number(audit->proven), "not_proven",
                     number(audit->count - audit->proven), "peers", peers(audit));
}
