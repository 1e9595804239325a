/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLUSTER_CROWD_H
#define TESTS_CLUSTER_CROWD_H

#include "fixture.h"

/*
 * The peers that fill() lists: each is made up from its number, in the same way here and in
 * contracts/test/utils/FillHarness.sol.
 */

typedef struct crowd_peer {
    char id[41], address[43], url[96];
    uint64_t number, registered_at, expires_at;
} crowd_peer;

crowd_peer crowd_peer_at(uint64_t number);

/** The first `count` of them, in the order of a list; owned by the caller. */
crowd_peer *crowd_in_order(size_t count);

/** Insists that a record is this peer, in every field, and not the reader. */
void crowd_expect(const dstack_p2p_peer *peer, const crowd_peer *expected);

#endif
