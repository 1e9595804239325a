/* SPDX-License-Identifier: MIT */
#include "registry/events.h"

#include "eth/abi.h"
#include "eth/quantity.h"
#include "registry/contract_abi.h"

#include <string.h>

enum { TOPICS_MAX = 4, DATA_MAX = 2048 };

typedef struct topics {
    uint8_t words[TOPICS_MAX][32];
    size_t count;
} topics;

/* What an event of a kind consists of. */
typedef struct layout {
    registry_event_kind kind;
    uint8_t topic32[32];
    size_t topic_count;
    void (*read_data)(eth_abi *data, registry_event *event);
} layout;

static bool read_exactly(eth_abi *abi, void *out, size_t len)
{
    size_t found;
    const uint8_t *bytes = eth_abi_bytes(abi, len, &found);
    if (abi->bad || found != len) return false;
    memcpy(out, bytes, len);
    return true;
}

static bool read_url(eth_abi *abi, char url[static REGISTRY_URL_MAX + 1])
{
    size_t len;
    const uint8_t *bytes = eth_abi_bytes(abi, REGISTRY_URL_MAX, &len);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < 0x21 || bytes[i] > 0x7e) return false;
    memcpy(url, bytes, len);
    url[len] = '\0';
    return len > 0;
}

static void read_registered(eth_abi *data, registry_event *event)
{
    bool ok = read_url(data, event->url);
    event->expires_at = eth_abi_u64(data);
    event->version = eth_abi_u64(data);
    ok = ok && read_exactly(data, event->derived_key33, sizeof event->derived_key33) &&
         read_exactly(data, event->app_signature73, sizeof event->app_signature73) &&
         read_exactly(data, event->kms_signature118, sizeof event->kms_signature118);
    if (!ok) data->bad = true;
}

static void read_renewed(eth_abi *data, registry_event *event)
{
    event->expires_at = eth_abi_u64(data);
}

static void read_removed(eth_abi *data, registry_event *event)
{
    uint64_t reason = eth_abi_u64(data);
    event->version = eth_abi_u64(data);
    if (reason > UINT8_MAX) data->bad = true;
    event->reason = (uint8_t)reason;
}

static void read_tightened(eth_abi *data, registry_event *event)
{
    event->policy_epoch = eth_abi_u64(data);
    event->version = eth_abi_u64(data);
}

static const layout layouts[] = {
    {REGISTRY_PEER_REGISTERED, CONTRACT_TOPIC_PEER_REGISTERED, 3, read_registered},
    {REGISTRY_PEER_RENEWED, CONTRACT_TOPIC_PEER_RENEWED, 2, read_renewed},
    {REGISTRY_PEER_REMOVED, CONTRACT_TOPIC_PEER_REMOVED, 2, read_removed},
    {REGISTRY_POLICY_TIGHTENED, CONTRACT_TOPIC_POLICY_TIGHTENED, 1, read_tightened},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts };

const uint8_t *registry_event_topic(registry_event_kind kind)
{
    return layouts[kind - REGISTRY_PEER_REGISTERED].topic32;
}

void registry_instance_topic(const uint8_t instance20[static 20], uint8_t topic32[static 32])
{
    memcpy(topic32, instance20, 20); /* bytes20 is left-aligned */
    memset(topic32 + 20, 0, 12);
}

static int malformed(const char *what, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's log entry has %s", what);
}

static bool read_topics(const json_t *array, topics *out)
{
    out->count = json_array_size(array);
    if (!out->count || out->count > TOPICS_MAX) return false;
    for (size_t i = 0; i < out->count; i++)
        if (!eth_data_fixed(json_array_get(array, i), out->words[i], 32)) return false;
    return true;
}

static int read_place(const json_t *log, registry_event *event, base_error *error)
{
    const json_t *removed = json_object_get(log, "removed");
    if (!eth_quantity_u64(json_object_get(log, "blockNumber"), &event->block_number) ||
        !eth_quantity_u64(json_object_get(log, "logIndex"), &event->log_index) ||
        !eth_data_fixed(json_object_get(log, "blockHash"), event->block_hash32, 32) ||
        !eth_data_fixed(json_object_get(log, "transactionHash"), event->tx_hash32, 32))
        return malformed("no block, transaction or index", error);
    if (removed && !json_is_boolean(removed)) return malformed("a malformed removed flag", error);
    event->removed = json_is_true(removed);
    return 0;
}

static const layout *find_layout(const uint8_t topic32[static 32])
{
    for (size_t i = 0; i < LAYOUTS; i++)
        if (!memcmp(layouts[i].topic32, topic32, 32)) return &layouts[i];
    return NULL;
}

static bool read_indexed(const topics *found, registry_event *event)
{
    if (found->count > 1) {
        eth_abi instance = eth_abi_open(found->words[1], 32);
        eth_abi_bytes20(&instance, event->instance20);
        if (instance.bad) return false;
    }
    if (found->count > 2) {
        eth_abi address = eth_abi_open(found->words[2], 32);
        eth_abi_address(&address, event->address20);
        if (address.bad) return false;
    }
    return true;
}

static int read_data(const layout *it, const json_t *data, registry_event *event, base_error *error)
{
    base_buf bytes = base_buf_make(DATA_MAX);
    bool whole = eth_data_bytes(data, &bytes);
    eth_abi abi = eth_abi_open(bytes.data, bytes.len);
    if (bytes.no_memory)
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (whole)
        it->read_data(&abi, event);
    if (!whole || abi.bad) malformed("data that the contract does not write", error);
    base_buf_free(&bytes);
    return error->code;
}

int registry_read_event(const json_t *log, const uint8_t contract20[static 20], registry_event *event,
                        base_error *error)
{
    topics found;
    uint8_t address[20];
    memset(event, 0, sizeof *event);
    if (!eth_data_fixed(json_object_get(log, "address"), address, 20) || memcmp(address, contract20, 20) != 0)
        return malformed("another address than the contract's", error);
    if (read_place(log, event, error)) return error->code;
    if (!read_topics(json_object_get(log, "topics"), &found)) return malformed("malformed topics", error);
    const layout *it = find_layout(found.words[0]);
    if (!it) return 0;
    event->kind = it->kind;
    if (found.count != it->topic_count || !read_indexed(&found, event))
        return malformed("topics that the contract does not write", error);
    return read_data(it, json_object_get(log, "data"), event, error);
}
