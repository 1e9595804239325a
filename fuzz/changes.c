/* SPDX-License-Identifier: MIT */

/*
 * Two lists of peers, made from a few bytes a peer, and what happened between them. A list is ordered and has
 * nobody twice; the changes, done to the first list, give the second one, and none of them is without effect.
 */

#include "cluster/changes.h"
#include "cluster/list.h"
#include "fuzz.h"

#include <string.h>

enum { IDS = 64, PEERS_MAX = 128 };

/* What a peer is, by its id; `since` 0: there is none. */
typedef struct member {
    uint8_t since, address, url, lease;
} member;

static member members[2][IDS];

static registry_peer to_peer(uint8_t id, const member *is, char url[static 32])
{
    registry_peer peer = {.registered_at = is->since, .expires_at = is->lease, .url = url};
    memset(peer.instance20, id + 1, 20);
    memset(peer.address20, is->address + 1, 20);
    peer.url_len = (size_t)snprintf(url, 32, "http://%u", is->url);
    return peer;
}

static void check_order(const dstack_p2p_peers *list)
{
    for (size_t i = 1; i < list->count; i++) {
        const dstack_p2p_peer *before = dstack_p2p_peers_at(list, i - 1),
                              *here = dstack_p2p_peers_at(list, i);
        FUZZ_REQUIRE(before->registered_at < here->registered_at ||
                     (before->registered_at == here->registered_at &&
                      strcmp(before->instance_id, here->instance_id) < 0));
    }
}

/* Reads peers up to a byte above all ids. NULL when one of them came twice, which is refused. */
static dstack_p2p_peers *take_list(fuzz_input *input, member known[static IDS])
{
    char url[32];
    bool twice = false;
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(base_clock_system());
    FUZZ_REQUIRE(list);
    memset(known, 0, IDS * sizeof *known);
    for (int i = 0; input->len && i < PEERS_MAX; i++) {
        uint8_t id = fuzz_byte(input);
        if (id >= IDS) break;
        member is = {.since = (uint8_t)(fuzz_byte(input) | 1)};
        fuzz_fill(input, &is.address, 3);
        twice = twice || known[id].since;
        known[id] = is;
        registry_peer peer = to_peer(id, &is, url);
        FUZZ_REQUIRE(cluster_list_add(list, &peer, false));
    }
    FUZZ_REQUIRE((cluster_list_finish(list, &error) != 0) == twice);
    if (!twice) {
        check_order(list);
        return list;
    }
    dstack_p2p_peers_free(list);
    return NULL;
}

static uint8_t id_of(const dstack_p2p_peer *peer)
{
    char pair[3] = {peer->instance_id[0], peer->instance_id[1], '\0'};
    return (uint8_t)(strtoul(pair, NULL, 16) - 1);
}

/* Whether it differs in more than its lease. */
static bool differs(const member *a, const member *b)
{
    return a->since != b->since || a->address != b->address || a->url != b->url;
}

static void check_record(const dstack_p2p_peer *peer, const member *is)
{
    char url[32];
    snprintf(url, sizeof url, "http://%u", is->url);
    FUZZ_REQUIRE(is->since && peer->registered_at == is->since && strcmp(peer->connection_url, url) == 0);
}

static void check_change(const dstack_p2p_change *change, bool told[static IDS])
{
    uint8_t id = id_of(change->peer);
    const member *before = &members[0][id], *after = &members[1][id];
    FUZZ_REQUIRE(id < IDS && !told[id]);
    told[id] = true;
    FUZZ_REQUIRE((change->kind == DSTACK_P2P_JOINED) == (!before->since && after->since));
    FUZZ_REQUIRE((change->kind == DSTACK_P2P_LEFT) == (before->since && !after->since));
    FUZZ_REQUIRE((change->kind == DSTACK_P2P_CHANGED) == (change->previous != NULL));
    check_record(change->peer, change->kind == DSTACK_P2P_LEFT ? before : after);
    if (change->previous) check_record(change->previous, before);
}

static void check_changes(const dstack_p2p_peers *before, const dstack_p2p_peers *after)
{
    bool told[IDS] = {false};
    size_t count = 0;
    dstack_p2p_change *changes = cluster_changes(before, after, &count);
    FUZZ_REQUIRE(changes);
    for (size_t i = 0; i < count; i++)
        check_change(&changes[i], told);
    for (int id = 0; id < IDS; id++)
        FUZZ_REQUIRE(told[id] == differs(&members[0][id], &members[1][id]));
    free(changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    dstack_p2p_peers *before = take_list(&input, members[0]), *after = take_list(&input, members[1]);
    if (before && after) check_changes(before, after);
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free(after);
    return 0;
}
