/* SPDX-License-Identifier: MIT */
#include "support/chain_json.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/abi.h"
#include "registry/contract_abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = ETH_ABI_WORD, DATA_MAX = 256 * 1024, KEY = 33, APP = 73, KMS = 118 };

/* ---- Words ---- */

static void put_u64(base_buf *out, uint64_t value)
{
    uint8_t word[WORD] = {0};
    for (int i = WORD - 1; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_append(out, word, WORD);
}

static void put_instance(base_buf *out, unsigned instance)
{
    uint8_t word[WORD] = {0};
    chain_instance(instance, word);
    base_buf_append(out, word, WORD);
}

static void put_address(base_buf *out, unsigned instance, uint32_t key)
{
    uint8_t word[WORD] = {0};
    chain_key(instance, key, word + 12);
    base_buf_append(out, word, WORD);
}

static size_t padded(size_t len)
{
    return (len + WORD - 1) / WORD * WORD;
}

static void put_bytes(base_buf *out, const void *data, size_t len)
{
    static const uint8_t zeros[WORD];
    put_u64(out, len);
    base_buf_append(out, data, len);
    base_buf_append(out, zeros, padded(len) - len);
}

/* ---- JSON ---- */

json_t *chain_json_quantity(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
    return json_string(text);
}

static json_t *hex(const void *data, size_t len)
{
    base_buf text = base_buf_make(2 * DATA_MAX + 2);
    base_buf_puts(&text, "0x");
    base_buf_hex(&text, data, len);
    json_t *value = json_string(text.data);
    base_buf_free(&text);
    return value;
}

static json_t *hex_words(base_buf *words)
{
    if (base_buf_failed(words)) abort();
    json_t *value = hex(words->data, words->len);
    base_buf_free(words);
    return value;
}

json_t *chain_json_block(const chain_block *block)
{
    return json_pack("{so so so so ss}", "number", chain_json_quantity(block->number), "timestamp",
                     chain_json_quantity(block->time), "hash", hex(block->hash32, 32), "parentHash",
                     hex(block->parent32, 32), "baseFeePerGas", "0x3b9aca00");
}

/* ---- Log entries ---- */

/* The evidence is of the right length, and nobody's signature. */
static void put_registered(base_buf *out, const chain_log *log)
{
    static const uint8_t evidence[KMS];
    char url[CHAIN_URL_TEXT];
    chain_url(log->instance, log->url, url);
    size_t at = (size_t)6 * WORD, lens[] = {strlen(url), KEY, APP, KMS};
    put_u64(out, at);
    put_u64(out, log->expires_at);
    put_u64(out, log->version);
    for (size_t i = 0; i < 3; i++)
        put_u64(out, at += WORD + padded(lens[i]));
    for (size_t i = 0; i < 4; i++)
        put_bytes(out, i ? (const void *)evidence : url, lens[i]);
}

static json_t *log_data(const chain_log *log)
{
    base_buf out = base_buf_make(DATA_MAX);
    if (log->kind == REGISTRY_PEER_REGISTERED) put_registered(&out, log);
    if (log->kind == REGISTRY_PEER_RENEWED) put_u64(&out, log->expires_at);
    if (log->kind == REGISTRY_PEER_REMOVED) put_u64(&out, log->reason);
    if (log->kind == REGISTRY_POLICY_TIGHTENED) put_u64(&out, log->epoch);
    if (log->kind == REGISTRY_PEER_REMOVED || log->kind == REGISTRY_POLICY_TIGHTENED)
        put_u64(&out, log->version);
    return hex_words(&out);
}

static json_t *log_topics(const chain_log *log)
{
    uint8_t topic[32] = {0};
    json_t *topics = json_array();
    json_array_append_new(topics, hex(registry_event_topic(log->kind), 32));
    if (log->kind == REGISTRY_POLICY_TIGHTENED) return topics;
    chain_instance(log->instance, topic);
    json_array_append_new(topics, hex(topic, 32));
    if (log->kind != REGISTRY_PEER_REGISTERED) return topics;
    memset(topic, 0, sizeof topic);
    chain_key(log->instance, log->key, topic + 12);
    json_array_append_new(topics, hex(topic, 32));
    return topics;
}

json_t *chain_json_log(const chain_block *block, size_t index, bool removed)
{
    uint8_t transaction[32];
    const chain_log *log = &block->logs[index];
    memcpy(transaction, block->hash32, 32);
    transaction[0] ^= (uint8_t)(1 + index);
    return json_pack("{ss so so so so so so ss sb}", "address", CHAIN_CONTRACT, "topics", log_topics(log),
                     "data", log_data(log), "blockNumber", chain_json_quantity(block->number), "blockHash",
                     hex(block->hash32, 32), "transactionHash", hex(transaction, 32), "logIndex",
                     chain_json_quantity(index), "transactionIndex", "0x0", "removed", removed);
}

/* One of the filter's topics: anything, one, or one of several. */
static bool takes_topic(const json_t *wanted, const json_t *topic)
{
    size_t i;
    const json_t *one;
    if (!wanted || json_is_null(wanted) || json_equal(wanted, topic)) return true;
    json_array_foreach(wanted, i, one) if (json_equal(one, topic)) return true;
    return false;
}

static bool takes(const json_t *filter, const json_t *log)
{
    const json_t *wanted = json_object_get(filter, "topics"), *topics = json_object_get(log, "topics");
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *one = json_array_get(wanted, i), *topic = json_array_get(topics, i);
        if (one && !json_is_null(one) && (!topic || !takes_topic(one, topic))) return false;
    }
    return true;
}

void chain_json_filter(const chain_block *block, const json_t *filter, json_t *out)
{
    for (size_t i = 0; i < block->log_count; i++) {
        json_t *log = chain_json_log(block, i, false);
        if (takes(filter, log)) json_array_append(out, log);
        json_decref(log);
    }
}

/* ---- Views ---- */

static void put_peer(base_buf *out, const chain_block *block, unsigned instance)
{
    char url[CHAIN_URL_TEXT];
    const chain_member *member = &block->members[instance];
    chain_url(instance, member->url, url);
    put_instance(out, instance);
    put_address(out, instance, member->key);
    put_u64(out, member->registered_at);
    put_u64(out, member->expires_at);
    put_u64(out, (uint64_t)5 * WORD);
    put_bytes(out, url, strlen(url));
}

static void put_nobody(base_buf *out)
{
    for (size_t i = 0; i < 4; i++)
        put_u64(out, 0);
    put_u64(out, (uint64_t)5 * WORD);
    put_u64(out, 0);
}

/* The instances in the index, in its order; those in some slots of it that are listed are wanted. */
static size_t find_listed(const chain_block *block, uint64_t first, uint64_t limit, uint64_t hidden,
                          unsigned found[static CHAIN_INSTANCES], uint64_t *slots)
{
    size_t count = 0;
    *slots = 0;
    for (unsigned i = 0; i < CHAIN_INSTANCES; i++) {
        if (!block->members[i].registered) continue;
        uint64_t slot = (*slots)++;
        bool wanted = slot >= first && slot - first < limit && !(hidden >> i & 1);
        if (wanted && chain_block_lists(block, i)) found[count++] = i;
    }
    return count;
}

static void put_page(base_buf *out, const chain_block *block, uint64_t offset, uint64_t limit,
                     uint64_t hidden)
{
    uint64_t slots;
    unsigned found[CHAIN_INSTANCES];
    base_buf tuples = base_buf_make(DATA_MAX);
    size_t count = find_listed(block, offset, limit, hidden, found, &slots);
    put_u64(out, (uint64_t)3 * WORD);
    put_u64(out, slots);
    put_u64(out, block->version);
    put_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        put_u64(out, count * WORD + tuples.len);
        put_peer(&tuples, block, found[i]);
    }
    if (tuples.len) base_buf_append(out, tuples.data, tuples.len);
    base_buf_free(&tuples);
}

static void put_one(base_buf *out, const chain_block *block, eth_abi *arguments, uint64_t hidden)
{
    size_t len;
    uint8_t id[20];
    const char *text = (const char *)eth_abi_bytes(arguments, 40, &len);
    unsigned instance = CHAIN_INSTANCES;
    if (!arguments->bad && base_hex_decode(text, len, id, 20)) instance = chain_find_instance(id);
    put_u64(out, WORD);
    if (instance < CHAIN_INSTANCES && chain_block_lists(block, instance) && !(hidden >> instance & 1))
        put_peer(out, block, instance);
    else
        put_nobody(out);
}

/* Call data: the function and what it is given; false when it is none. */
static bool read_call(const char *data, uint8_t bytes[static 512], uint32_t *selector, eth_abi *arguments)
{
    size_t digits = strlen(data);
    if (digits < 10 || digits > 1024 || digits % 2 ||
        !base_hex_decode(data + 2, digits - 2, bytes, digits / 2 - 1))
        return false;
    *selector = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    *arguments = eth_abi_open(bytes + 4, digits / 2 - 5);
    return true;
}

json_t *chain_json_view(const chain_block *block, const char *data, uint64_t hidden)
{
    uint8_t bytes[512];
    uint32_t selector;
    eth_abi arguments;
    base_buf out = base_buf_make(DATA_MAX);
    if (!read_call(data, bytes, &selector, &arguments)) return NULL;
    if (selector == CONTRACT_SEL_VERSION) put_u64(&out, block->version);
    if (selector == CONTRACT_SEL_GET_PEER) put_one(&out, block, &arguments, hidden);
    if (selector == CONTRACT_SEL_GET_PEERS) {
        uint64_t offset = eth_abi_u64(&arguments);
        put_page(&out, block, offset, eth_abi_u64(&arguments), hidden);
    }
    return out.len ? hex_words(&out) : NULL;
}

uint64_t chain_json_limit(const char *data)
{
    uint8_t bytes[512];
    uint32_t selector;
    eth_abi arguments;
    if (!read_call(data, bytes, &selector, &arguments) || selector != CONTRACT_SEL_GET_PEERS) return 0;
    (void)eth_abi_u64(&arguments);
    return eth_abi_u64(&arguments);
}
