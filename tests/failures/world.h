/* SPDX-License-Identifier: MIT */
#ifndef FAILURES_WORLD_H
#define FAILURES_WORLD_H

#include "dstack_p2p.h"
#include "support/fake_guest.h"
#include "support/fake_node.h"

/*
 * What every run starts from: a healthy node and a healthy guest agent, as they were when the program began,
 * and a folder for the SDK's state that is empty.
 */

#define OWN_URL "http://localhost:8080"

typedef struct world {
    fake_node *node;
    fake_guest *guest;
    fake_node_state fresh; /**< what the node's state is reset to */
    char state_dir[64];
    size_t descriptors; /**< open when there is no handle */
} world;

void world_make(world *w);
void world_unmake(world *w);

/** Before a run. */
void world_reset(world *w);

/** A new handle; NULL when memory is exhausted. */
dstack_p2p *world_open(world *w);

/** The same that pays with anvil's third account. */
dstack_p2p *world_open_with_key(world *w);

/** Lets the contract list a peer more. */
void world_add_peer(world *w);

/** How often the node was given a transaction that it mined, and what the contract lists then. */
unsigned world_taken(world *w);

/** No descriptor was left open. Waits for the servers, which have to notice that nobody talks to them. */
void world_check_descriptors(const world *w);

/** Says what does not hold, with what was refused, and ends the program. */
_Noreturn void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define REQUIRE(condition, ...)                                                                              \
    do {                                                                                                     \
        if (!(condition)) world_fail(__VA_ARGS__);                                                           \
    } while (0)

#endif
