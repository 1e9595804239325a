/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include "base/hex.h"
#include "eth/keccak.h"
#include "eth/key.h"

#include <stdio.h>

crowd_peer crowd_peer_at(uint64_t number)
{
    crowd_peer peer = {.number = number};
    uint8_t word[32] = {0}, hash[32];
    for (int i = 0; i < 8; i++)
        word[31 - i] = (uint8_t)(number >> 8 * i);
    eth_keccak256(word, sizeof word, hash);
    base_hex_encode(hash, 20, peer.id);
    memset(hash + 20, 0, 12);
    eth_keccak256(hash, sizeof hash, word);
    eth_address_format(word, peer.address);
    snprintf(peer.url, sizeof peer.url,
             number % 8 ? "https://%s-443s.dstack-pha-prod7.phala.network" : "https://%s.example.org/",
             peer.id);
    peer.registered_at = 1600000000 + number * 7 % 1000;
    peer.expires_at = number % 3 ? 4000000000 + number : 0;
    return peer;
}

static int by_age(const void *a, const void *b)
{
    const crowd_peer *left = a, *right = b;
    if (left->registered_at != right->registered_at)
        return left->registered_at < right->registered_at ? -1 : 1;
    return strcmp(left->id, right->id);
}

crowd_peer *crowd_in_order(size_t count)
{
    crowd_peer *crowd = malloc(count * sizeof *crowd);
    assert_non_null(crowd);
    for (size_t i = 0; i < count; i++)
        crowd[i] = crowd_peer_at(i);
    qsort(crowd, count, sizeof *crowd, by_age);
    return crowd;
}

void crowd_expect(const dstack_p2p_peer *peer, const crowd_peer *expected)
{
    assert_non_null(peer);
    assert_string_equal(peer->instance_id, expected->id);
    assert_string_equal(peer->instance_address, expected->address);
    assert_string_equal(peer->connection_url, expected->url);
    assert_int_equal(peer->registered_at, expected->registered_at);
    assert_int_equal(peer->expires_at, expected->expires_at);
    assert_false(peer->is_self);
}
