/* SPDX-License-Identifier: MIT */
#include "chaos/recorder.h"

#include "base/hex.h"
#include "eth/key.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fail(recorder *it, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(recorder *it, const char *format, ...)
{
    va_list args;
    if (it->failure[0]) return;
    va_start(args, format);
    vsnprintf(it->failure, sizeof it->failure, format, args);
    va_end(args);
}

enum { KEPT_BLOCKS = 3 };

/* ---- Peers ---- */

static unsigned instance_of(const dstack_p2p_peer *peer)
{
    uint8_t id[20];
    return base_hex_decode(peer->instance_id, 40, id, 20) ? chain_find_instance(id) : CHAIN_INSTANCES;
}

static const dstack_p2p_peer *find(const dstack_p2p_peers *list, const char *instance_id)
{
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++)
        if (!strcmp(dstack_p2p_peers_at(list, i)->instance_id, instance_id))
            return dstack_p2p_peers_at(list, i);
    return NULL;
}

static bool same(const dstack_p2p_peer *a, const dstack_p2p_peer *b)
{
    return !strcmp(a->instance_id, b->instance_id) && !strcmp(a->connection_url, b->connection_url) &&
           !strcmp(a->instance_address, b->instance_address) && a->registered_at == b->registered_at;
}

/* ---- Blocks ---- */

/* Whether a peer is as the contract holds it at a block, listed or not. */
static bool is_held(const dstack_p2p_peer *peer, const chain_block *block)
{
    char url[CHAIN_URL_TEXT], address[43];
    uint8_t key[20];
    unsigned instance = instance_of(peer);
    if (instance == CHAIN_INSTANCES) return false;
    const chain_member *member = &block->members[instance];
    chain_url(instance, member->url, url);
    chain_key(instance, member->key, key);
    eth_address_format(key, address);
    return member->registered && member->registered_at == peer->registered_at &&
           !strcmp(url, peer->connection_url) && !strcmp(address, peer->instance_address);
}

static bool is_listed(const dstack_p2p_peer *peer, const chain_block *block)
{
    return is_held(peer, block) && chain_block_lists(block, instance_of(peer));
}

/* Whether a block that came since a peer was found missing lists it: on another branch, maybe. */
static bool has_come_back(const recorder *it, const dstack_p2p_peer *peer)
{
    const fake_chain *chain = fake_network_chain(it->network);
    uint64_t since = it->noted_at[instance_of(peer)];
    for (uint64_t i = chain->blocks_made; i > since && i + CHAIN_KEPT > chain->blocks_made; i--) {
        const chain_block *block = fake_chain_block(chain, i - 1);
        if (block && is_listed(peer, block)) return true;
    }
    return false;
}

/* A peer that left, and that is kept until that is confirmed, or for three blocks; all anew when a reading
 * that told nothing had it. */
static bool may_be_kept(const recorder *it, const dstack_p2p_peer *peer)
{
    const dstack_p2p_peer *old = it->keeps ? find(it->before, peer->instance_id) : NULL;
    uint64_t since = old ? it->missing_since[instance_of(peer)] : 0;
    return old && same(old, peer) &&
           (!since || dstack_p2p_peers_block_number(it->list) < since + KEPT_BLOCKS ||
            has_come_back(it, peer));
}

/* Notes which peers of the list are kept that are not listed at its block. */
static void note_kept(recorder *it, const chain_block *block)
{
    uint64_t since[CHAIN_INSTANCES] = {0};
    for (size_t i = 0; i < dstack_p2p_peers_count(it->list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(it->list, i);
        unsigned instance = instance_of(peer);
        if (instance == CHAIN_INSTANCES || is_listed(peer, block)) continue;
        uint64_t before = it->missing_since[instance];
        since[instance] = before ? before : dstack_p2p_peers_block_number(it->list);
        if (!before) it->noted_at[instance] = fake_network_chain(it->network)->blocks_made;
    }
    memcpy(it->missing_since, since, sizeof since);
}

/* Leases that end between two pages of a reading are over in one of them, and not in the other. */
enum { PAGES_S = 60 };

static bool just_expired(const recorder *it, const chain_block *block, unsigned instance)
{
    uint64_t expiry = block->members[instance].expires_at;
    return it->reads_pages && expiry && expiry <= block->time + PAGES_S;
}

bool recorder_fits(const recorder *it, const dstack_p2p_peers *list, const chain_block *block)
{
    bool found[CHAIN_INSTANCES] = {false};
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        if (!is_listed(peer, block) && !may_be_kept(it, peer)) return false;
        found[instance_of(peer)] = true;
    }
    for (unsigned i = 0; i < CHAIN_INSTANCES; i++)
        if (chain_block_lists(block, i) && !found[i] && !just_expired(it, block, i)) return false;
    return true;
}

/* ---- Lists ---- */

/* Looks for the blocks that a list may have been read at. */
static void explain(recorder *it)
{
    const fake_chain *chain = fake_network_lock(it->network);
    uint64_t version = dstack_p2p_peers_version(it->list), from = dstack_p2p_peers_block_number(it->list);
    it->explained_count = 0;
    for (uint64_t i = 1; i <= CHAIN_KEPT && i <= chain->blocks_made; i++) {
        const chain_block *block = fake_chain_block(chain, chain->blocks_made - i);
        if (!block || block->version != version || block->number < from) continue;
        if (it->explained_count < RECORDER_BLOCKS && recorder_fits(it, it->list, block))
            it->explained[it->explained_count++] = block->sequence;
    }
    if (!it->explained_count)
        fail(it, "no block from %llu on ever had the list that was told with version %llu, %zu peers",
             (unsigned long long)from, (unsigned long long)version, dstack_p2p_peers_count(it->list));
    if (it->explained_count) note_kept(it, fake_chain_block(chain, it->explained[it->explained_count - 1]));
    fake_network_unlock(it->network);
}

/* A list may be older than the one before only if that one's block has left the chain. */
static void check_direction(recorder *it)
{
    uint64_t number = dstack_p2p_peers_block_number(it->list), version = dstack_p2p_peers_version(it->list);
    uint64_t last = dstack_p2p_peers_block_number(it->before);
    if (number >= last && version >= dstack_p2p_peers_version(it->before)) return;
    const fake_chain *chain = fake_network_lock(it->network);
    for (size_t i = 0; i < it->explained_count; i++) {
        const chain_block *block = fake_chain_block(chain, it->explained[i]);
        if (block && fake_chain_has(chain, block))
            fail(it, "told block %llu, version %llu after block %llu, which is on the chain still",
                 (unsigned long long)number, (unsigned long long)version, (unsigned long long)last);
    }
    fake_network_unlock(it->network);
}

static size_t count_differences(const dstack_p2p_peers *before, const dstack_p2p_peers *after)
{
    size_t count = 0;
    for (size_t i = 0; i < dstack_p2p_peers_count(before); i++) {
        const dstack_p2p_peer *old = dstack_p2p_peers_at(before, i), *new = find(after, old->instance_id);
        count += !new || !same(old, new);
    }
    for (size_t i = 0; i < dstack_p2p_peers_count(after); i++)
        count += !find(before, dstack_p2p_peers_at(after, i)->instance_id);
    return count;
}

/* All changes of a reading were told. */
static void finish_reading(recorder *it)
{
    size_t told = 0;
    for (size_t i = 0; i < CHAIN_INSTANCES; i++)
        told += it->told[i];
    size_t real = it->before ? count_differences(it->before, it->list) : 0;
    if (told != real) fail(it, "%zu changes were told of %zu", told, real);
}

static void start_reading(recorder *it, const dstack_p2p_peers *peers)
{
    finish_reading(it);
    dstack_p2p_peers_free(it->before);
    it->before = it->list;
    it->list = dstack_p2p_peers_ref(peers);
    memset(it->told, 0, sizeof it->told);
    it->readings++;
    if (it->before) check_direction(it);
    explain(it);
}

/* ---- Changes ---- */

static bool is_true(const recorder *it, const dstack_p2p_change *change)
{
    if (!change->peer) return false;
    const dstack_p2p_peer *old = find(it->before, change->peer->instance_id);
    const dstack_p2p_peer *new = find(it->list, change->peer->instance_id);
    switch (change->kind) {
    case DSTACK_P2P_JOINED:
        return !old && new &&same(new, change->peer) && !change->previous;
    case DSTACK_P2P_LEFT:
        return old && !new &&same(old, change->peer) && !change->previous;
    case DSTACK_P2P_CHANGED:
        return old && new && !same(old, new) && same(new, change->peer) &&
               change->previous &&same(old, change->previous);
    default:
        return false;
    }
}

static void count(recorder *it, const dstack_p2p_change *change)
{
    it->joined += change->kind == DSTACK_P2P_JOINED;
    it->left += change->kind == DSTACK_P2P_LEFT;
    it->changed += change->kind == DSTACK_P2P_CHANGED;
}

static void take_change(recorder *it, const dstack_p2p_change *change)
{
    unsigned instance = change->peer ? instance_of(change->peer) : CHAIN_INSTANCES;
    if (!is_true(it, change))
        fail(it, "call %zu tells a change of kind %d that did not happen", it->calls, change->kind);
    if (instance == CHAIN_INSTANCES) return;
    if (it->told[instance]) fail(it, "call %zu tells a change for the second time", it->calls);
    it->told[instance] = true;
    count(it, change);
}

void recorder_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers)
{
    recorder *it = context;
    bool first = it->calls++ == 0;
    if (first != (change->kind == DSTACK_P2P_SNAPSHOT))
        fail(it, "call %zu is of kind %d", it->calls, change->kind);
    if (peers != it->list) start_reading(it, peers);
    if (!first) take_change(it, change);
}

bool recorder_is_content(recorder *it)
{
    finish_reading(it);
    return !it->failure[0];
}

void recorder_print_list(const dstack_p2p_peers *list)
{
    printf("list of block %llu, version %llu:\n", (unsigned long long)dstack_p2p_peers_block_number(list),
           (unsigned long long)dstack_p2p_peers_version(list));
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        printf("  %2u since %llu at %s, until %llu\n", instance_of(peer),
               (unsigned long long)peer->registered_at, peer->connection_url,
               (unsigned long long)peer->expires_at);
    }
}

void recorder_print_block(const chain_block *block)
{
    printf("block %llu at %llu, version %llu:\n", (unsigned long long)block->number,
           (unsigned long long)block->time, (unsigned long long)block->version);
    for (unsigned i = 0; i < CHAIN_INSTANCES; i++) {
        char url[CHAIN_URL_TEXT];
        const chain_member *member = &block->members[i];
        chain_url(i, member->url, url);
        if (chain_block_lists(block, i))
            printf("  %2u since %llu at %s, until %llu\n", i, (unsigned long long)member->registered_at, url,
                   (unsigned long long)member->expires_at);
    }
}

void recorder_free(recorder *it)
{
    dstack_p2p_peers_free(it->before);
    dstack_p2p_peers_free(it->list);
}
