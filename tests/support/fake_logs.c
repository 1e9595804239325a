/* SPDX-License-Identifier: MIT */
#include "support/fake_logs.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/key.h"
#include "registry/events.h"
#include "support/fake_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SECONDS = 12, DATA_MAX = 8192, WORD = 32 };

/* A root that nobody trusts, and an app under it. */
static const uint8_t other_root[32] = {[31] = 3}, other_app[32] = {[31] = 4};

/* ---- Blocks ---- */

uint64_t fake_block_time(const fake_node_state *state, uint64_t number)
{
    uint64_t ago = (state->block_number - number) * BLOCK_SECONDS;
    return ago < state->block_time ? state->block_time - ago : 0;
}

static void block_hash(uint64_t number, uint8_t hash32[static 32])
{
    memset(hash32, 0, 32);
    hash32[0] = 0xb1;
    for (int i = 31; i >= 24; i--, number >>= 8)
        hash32[i] = (uint8_t)number;
}

static json_t *quantity(uint64_t value)
{
    return json_sprintf("0x%llx", (unsigned long long)value);
}

static json_t *bytes(const void *data, size_t len)
{
    base_buf text = base_buf_make(2 * DATA_MAX);
    base_buf_puts(&text, "0x");
    base_buf_hex(&text, data, len);
    json_t *json = json_string(text.data);
    base_buf_free(&text);
    return json;
}

json_t *fake_block(const fake_node_state *state, const char *tag)
{
    uint8_t hash[32];
    bool numbered = tag && !strncmp(tag, "0x", 2);
    uint64_t number = numbered ? strtoull(tag, NULL, 16) : state->block_number;
    if (number > state->block_number) return json_null();
    block_hash(number, hash);
    json_t *json = json_pack("{sososo}", "number", quantity(number), "timestamp",
                             quantity(fake_block_time(state, number)), "hash", bytes(hash, sizeof hash));
    if (!state->no_base_fee) json_object_set_new(json, "baseFeePerGas", quantity(state->base_fee));
    return json;
}

/* ---- Evidence ---- */

static void derived_key(const char *instance_id, uint8_t private_key32[static 32])
{
    char path[REGISTRY_PATH_TEXT];
    snprintf(path, sizeof path, "dstack-p2p/%s", instance_id);
    fake_guest_key(path, private_key32);
}

void fake_member_address(const char *instance_id, char address[static 41])
{
    uint8_t private_key[32], public_key[33], address20[20];
    derived_key(instance_id, private_key);
    if (!eth_key_public(private_key, public_key) || !eth_key_address(public_key, address20)) abort();
    base_hex_encode(address20, 20, address);
}

static void sign(const uint8_t key32[static 32], const uint8_t hash32[static 32],
                 uint8_t signature65[static 65])
{
    if (!eth_key_sign(key32, hash32, signature65)) abort();
}

static void make_statement(const fake_peer *peer, uint64_t anchor, fake_flaw flaw,
                           registry_statement *statement)
{
    const char *id = flaw == FLAW_REPLAYED ? FAKE_INSTANCE_ID : peer->instance_id;
    *statement = (registry_statement){.chain_id = FAKE_CHAIN_ID, .url = peer->url, .anchor_number = anchor};
    if (!eth_address_parse(FAKE_CONTRACT, statement->contract20)) abort();
    if (!base_hex_decode(id, 40, statement->instance20, 20)) abort();
    block_hash(anchor, statement->anchor_hash32);
    statement->chain_id += flaw == FLAW_OTHER_CHAIN;
    statement->contract20[0] ^= flaw == FLAW_OTHER_CONTRACT;
    statement->anchor_hash32[5] ^= flaw == FLAW_OTHER_BLOCK;
    if (flaw == FLAW_OTHER_URL) statement->url = "http://elsewhere";
}

/* Signed by the app key, or by that of the other app. */
static void sign_statement(const registry_statement *statement, fake_flaw flaw, registry_event *event)
{
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t signer[32], hash[32], signature[65];
    fake_guest_app_key(signer);
    if (flaw == FLAW_OTHER_SIGNER || flaw == FLAW_OTHER_ROOT) memcpy(signer, other_app, 32);
    registry_purpose(statement, purpose);
    registry_app_message_hash(purpose, event->derived_key33, hash);
    sign(signer, hash, signature);
    if (flaw == FLAW_GARBAGE) memset(signature, 0xff, sizeof signature);
    registry_pack_app_signature(signature, statement->anchor_number, event->app_signature73);
}

/* The root's certificate for the app, or the other root's for the other app. */
static void certify(fake_flaw flaw, registry_event *event)
{
    uint8_t signer[32], app_key[33], app_id[20], hash[32], signature[65];
    fake_guest_app_key(signer);
    base_hex_decode(FAKE_APP_ID, 40, app_id, 20);
    base_hex_decode(FAKE_KMS_SIGNATURE, 130, signature, 65);
    if (flaw == FLAW_OTHER_ROOT || flaw == FLAW_OTHER_CERTIFICATE) memcpy(signer, other_app, 32);
    eth_key_public(signer, app_key);
    if (flaw == FLAW_OTHER_ROOT) {
        registry_kms_message_hash(app_id, app_key, hash);
        sign(other_root, hash, signature);
    }
    registry_pack_kms_signature(signature, app_key, app_id, event->kms_signature118);
}

static void make_event(const fake_node_state *state, const fake_peer *peer, uint64_t block, fake_flaw flaw,
                       registry_event *event)
{
    uint8_t private_key[32];
    registry_statement statement;
    *event = (registry_event){.block_number = block, .version = 1, .expires_at = peer->expires_at};
    event->removed = flaw == FLAW_REMOVED;
    snprintf(event->url, sizeof event->url, "%s", flaw == FLAW_URL_LISTED ? "http://elsewhere" : peer->url);
    if (!base_hex_decode(peer->instance_id, 40, event->instance20, 20) ||
        !base_hex_decode(peer->address, 40, event->address20, 20))
        abort();
    derived_key(flaw == FLAW_REPLAYED ? FAKE_INSTANCE_ID : peer->instance_id, private_key);
    eth_key_public(private_key, event->derived_key33);
    make_statement(peer, flaw == FLAW_FUTURE ? state->block_number + 7 : block - 1, flaw, &statement);
    sign_statement(&statement, flaw, event);
    certify(flaw, event);
}

/* The one that the instance registered here, as the SDK made it. */
static void make_own_event(const fake_node_state *state, registry_event *event)
{
    *event = (registry_event){.block_number = state->listed_block, .version = state->version};
    snprintf(event->url, sizeof event->url, "%s", state->listed_url);
    base_hex_decode(FAKE_INSTANCE_ID, 40, event->instance20, 20);
    base_hex_decode(state->listed_address, 40, event->address20, 20);
    memcpy(event->derived_key33, state->listed_key33, 33);
    memcpy(event->app_signature73, state->listed_signature73, 73);
    memcpy(event->kms_signature118, state->listed_certificate118, 118);
}

/* ---- Entries ---- */

static void put_word(base_buf *out, uint64_t value)
{
    uint8_t word[WORD] = {0};
    for (int i = WORD - 1; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_append(out, word, WORD);
}

static void put_bytes(base_buf *out, const void *data, size_t len)
{
    static const uint8_t zeros[WORD];
    put_word(out, len);
    base_buf_append(out, data, len);
    base_buf_append(out, zeros, (WORD - len % WORD) % WORD);
}

static size_t size_of(size_t len)
{
    return WORD + (len + WORD - 1) / WORD * WORD;
}

static json_t *event_data(const registry_event *event)
{
    base_buf out = base_buf_make(DATA_MAX);
    size_t at = (size_t)6 * WORD, url_len = strlen(event->url);
    put_word(&out, at);
    put_word(&out, event->expires_at);
    put_word(&out, event->version);
    put_word(&out, at += size_of(url_len));
    put_word(&out, at += size_of(33));
    put_word(&out, at + size_of(73));
    put_bytes(&out, event->url, url_len);
    put_bytes(&out, event->derived_key33, 33);
    put_bytes(&out, event->app_signature73, 73);
    put_bytes(&out, event->kms_signature118, 118);
    json_t *json = bytes(out.data, out.len);
    base_buf_free(&out);
    return json;
}

static json_t *entry(const registry_event *event)
{
    uint8_t hash[32], instance[32], address[32] = {0};
    block_hash(event->block_number, hash);
    registry_instance_topic(event->instance20, instance);
    memcpy(address + 12, event->address20, 20);
    json_t *topics = json_pack("[ooo]", bytes(registry_event_topic(REGISTRY_PEER_REGISTERED), 32),
                               bytes(instance, 32), bytes(address, 32));
    return json_pack("{ss so so so so so so sb}", "address", FAKE_CONTRACT, "topics", topics, "data",
                     event_data(event), "blockNumber", quantity(event->block_number), "blockHash",
                     bytes(hash, 32), "transactionHash", bytes(hash, 32), "logIndex", quantity(0), "removed",
                     event->removed);
}

/* ---- eth_getLogs ---- */

static uint64_t number_at(const json_t *params, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(params, 0), name));
    if (!text) abort();
    return strtoull(text, NULL, 16);
}

/* Whether the filter's second topic, if it has one, is the event's instance. */
static bool is_wanted(const json_t *params, const registry_event *event)
{
    uint8_t topic[32];
    char text[67] = "0x";
    const json_t *topics = json_object_get(json_array_get(params, 0), "topics"), *one;
    const json_t *seconds = json_array_get(topics, 1);
    size_t i;
    registry_instance_topic(event->instance20, topic);
    base_hex_encode(topic, 32, text + 2);
    json_array_foreach(seconds, i, one) if (!strcmp(json_string_value(one), text)) return true;
    return !seconds;
}

static void add(json_t *logs, const json_t *params, const registry_event *event)
{
    bool inside = event->block_number >= number_at(params, "fromBlock") &&
                  event->block_number <= number_at(params, "toBlock");
    if (inside && is_wanted(params, event)) json_array_append_new(logs, entry(event));
}

json_t *fake_logs(fake_node_state *state, const json_t *params, const char **message)
{
    registry_event event;
    json_t *logs = json_array();
    uint64_t span = number_at(params, "toBlock") - number_at(params, "fromBlock") + 1;
    state->logs_asked++;
    for (size_t i = 0; i < state->peer_count; i++) {
        uint64_t block = state->events[i].block ? state->events[i].block : 500 + i;
        if (state->events[i].flaw == FLAW_NO_EVENT || block > state->block_number - state->log_lag) continue;
        make_event(state, &state->peers[i], block, state->events[i].flaw, &event);
        add(logs, params, &event);
    }
    if (state->listed_url[0]) {
        make_own_event(state, &event);
        add(logs, params, &event);
    }
    *message = NULL;
    if (state->log_range && span > state->log_range) *message = "query exceeds max block range";
    if (state->log_results && json_array_size(logs) > state->log_results)
        *message = "query returned more than 10000 results";
    if (!*message) return logs;
    json_decref(logs);
    return NULL;
}
