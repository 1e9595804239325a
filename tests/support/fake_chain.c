/* SPDX-License-Identifier: MIT */
#include "support/fake_chain.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_TIME = 1700000000, EXPIRED = 6 };

/* ---- Hashes ---- */

/* splitmix64: no two inputs that occur have the same output. */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static void hash(uint64_t salt, uint64_t sequence, uint8_t hash32[static 32])
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t part = mix(mix(salt + i) + sequence);
        memcpy(hash32 + 8 * i, &part, 8);
    }
}

/* ---- Blocks ---- */

/* What the next block starts from: the state of the one before, and no log entries. */
static void prepare(fake_chain *chain)
{
    const chain_block *parent = fake_chain_head(chain);
    chain->next = *parent;
    chain->next.log_count = 0;
    chain->next.sequence = chain->blocks_made;
    chain->next.parent = parent->sequence;
    chain->next.number = parent->number + 1;
    chain->next.time = parent->time + CHAIN_BLOCK_S;
    memcpy(chain->next.parent32, parent->hash32, 32);
    hash(chain->salt, chain->next.sequence, chain->next.hash32);
}

void fake_chain_init(fake_chain *chain, uint64_t salt)
{
    memset(chain, 0, sizeof *chain);
    chain->salt = salt;
    chain->first.time = FIRST_TIME;
    chain->blocks_made = 1;
    hash(salt, 0, chain->first.hash32);
    prepare(chain);
}

void fake_chain_mine(fake_chain *chain)
{
    uint64_t sequence = chain->blocks_made++;
    chain->blocks[sequence % CHAIN_KEPT] = chain->next;
    chain->head = chain->next.number;
    chain->line[chain->head % CHAIN_KEPT] = sequence;
    prepare(chain);
}

bool fake_chain_has_room(const fake_chain *chain)
{
    return chain->next.log_count < CHAIN_LOGS;
}

void fake_chain_rewind(fake_chain *chain, uint64_t depth)
{
    chain->head -= depth < chain->head ? depth : chain->head;
    prepare(chain);
}

const chain_block *fake_chain_block(const fake_chain *chain, uint64_t sequence)
{
    const chain_block *block = sequence ? &chain->blocks[sequence % CHAIN_KEPT] : &chain->first;
    return block->sequence == sequence ? block : NULL;
}

const chain_block *fake_chain_at(const fake_chain *chain, uint64_t number)
{
    if (number == 0) return &chain->first;
    if (number > chain->head) return NULL;
    const chain_block *block = fake_chain_block(chain, chain->line[number % CHAIN_KEPT]);
    return block && block->number == number ? block : NULL;
}

const chain_block *fake_chain_head(const fake_chain *chain)
{
    return fake_chain_at(chain, chain->head);
}

bool fake_chain_has(const fake_chain *chain, const chain_block *block)
{
    return fake_chain_at(chain, block->number) == block;
}

/* ---- Transactions ---- */

static void write_log(fake_chain *chain, registry_event_kind kind, unsigned instance, uint8_t reason)
{
    chain_block *next = &chain->next;
    const chain_member *member = &next->members[instance];
    if (next->log_count == CHAIN_LOGS) return; /* as if the transaction were another block's */
    next->logs[next->log_count++] = (chain_log){.kind = kind,
                                                .instance = instance,
                                                .url = member->url,
                                                .key = member->key,
                                                .expires_at = member->expires_at,
                                                .version = next->version,
                                                .epoch = next->epoch,
                                                .reason = reason};
}

static void count_change(fake_chain *chain)
{
    chain->next.version++;
    chain->transactions++;
}

void fake_chain_wait(fake_chain *chain, uint64_t seconds)
{
    chain->next.time += seconds;
}

void fake_chain_register(fake_chain *chain, unsigned instance, uint32_t url, uint32_t key, uint64_t lease_s)
{
    chain_block *next = &chain->next;
    chain_member *member = &next->members[instance];
    bool listed = chain_block_lists(next, instance);
    bool same = listed && member->url == url && member->key == key;
    uint64_t since = listed ? member->registered_at : next->time;
    if (!fake_chain_has_room(chain)) return;
    *member = (chain_member){.registered = true,
                             .url = url,
                             .key = key,
                             .registered_at = since,
                             .expires_at = lease_s ? next->time + lease_s : 0,
                             .epoch = next->epoch};
    if (!same) count_change(chain);
    write_log(chain, same ? REGISTRY_PEER_RENEWED : REGISTRY_PEER_REGISTERED, instance, 0);
}

void fake_chain_remove(fake_chain *chain, unsigned instance, uint8_t reason)
{
    chain_member *member = &chain->next.members[instance];
    if (!member->registered || !fake_chain_has_room(chain)) return;
    *member = (chain_member){.registered = false};
    count_change(chain);
    write_log(chain, REGISTRY_PEER_REMOVED, instance, reason);
}

void fake_chain_tighten(fake_chain *chain)
{
    if (!fake_chain_has_room(chain)) return;
    chain->next.epoch++;
    count_change(chain);
    write_log(chain, REGISTRY_POLICY_TIGHTENED, 0, 0);
}

static bool is_expired(const chain_block *block, const chain_member *member)
{
    return member->expires_at && member->expires_at <= block->time;
}

void fake_chain_prune(fake_chain *chain)
{
    bool counted = false;
    for (unsigned i = 0; i < CHAIN_INSTANCES && fake_chain_has_room(chain); i++) {
        chain_member *member = &chain->next.members[i];
        if (!member->registered || !is_expired(&chain->next, member)) continue;
        *member = (chain_member){.registered = false};
        if (!counted) count_change(chain);
        counted = true;
        write_log(chain, REGISTRY_PEER_REMOVED, i, EXPIRED);
    }
}

/* ---- Members ---- */

bool chain_block_lists(const chain_block *block, unsigned instance)
{
    const chain_member *member = &block->members[instance];
    return member->registered && member->epoch == block->epoch && !is_expired(block, member);
}

size_t chain_block_count(const chain_block *block)
{
    size_t count = 0;
    for (unsigned i = 0; i < CHAIN_INSTANCES; i++)
        count += chain_block_lists(block, i);
    return count;
}

void chain_instance(unsigned instance, uint8_t id20[static 20])
{
    uint32_t mixed = (instance + 1) * UINT32_C(2654435761); /* the order of ids is not that of numbers */
    memset(id20, 0xc0, 20);
    memcpy(id20, &mixed, sizeof mixed);
    id20[19] = (uint8_t)instance;
}

void chain_key(unsigned instance, uint32_t key, uint8_t address20[static 20])
{
    memset(address20, 0xa0, 20);
    memcpy(address20, &key, sizeof key);
    address20[19] = (uint8_t)instance;
}

void chain_url(unsigned instance, uint32_t url, char text[static CHAIN_URL_TEXT])
{
    snprintf(text, CHAIN_URL_TEXT, "http://node-%0*u:%u", (int)(1 + (instance * 7 + url) % 70), instance,
             8000 + url);
}

unsigned chain_find_instance(const uint8_t id20[static 20])
{
    uint8_t expected[20];
    unsigned instance = id20[19];
    if (instance >= CHAIN_INSTANCES) return CHAIN_INSTANCES;
    chain_instance(instance, expected);
    return memcmp(expected, id20, 20) ? CHAIN_INSTANCES : instance;
}
