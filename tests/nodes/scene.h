/* SPDX-License-Identifier: MIT */
#ifndef NODES_SCENE_H
#define NODES_SCENE_H

#include "eth/rpc.h"
#include "support/fake_clock.h"
#include "support/fake_node.h"
#include "unit.h"

/*
 * What every test here starts from: a connection to a few healthy nodes, with a clock that waits for nobody
 * and a chance that is given.
 */

enum { SCENE_NODES = 3, SCENE_CALL_MS = 10000, SCENE_LOG_MAX = 32 * 1024 };

typedef struct scene {
    fake_node *nodes[SCENE_NODES];
    fake_clock clock;
    uint64_t chance; /* what chance gives: added to the least, if it is no more than the most */
    int cancel_fd;
    eth_rpc_config config; /* may be changed before the first call */
    base_log log;
    base_random random;
    char urls[512], lines[SCENE_LOG_MAX];
    eth_rpc *rpc; /* NULL before the first call */
    base_error error;
} scene;

scene *scene_make(size_t nodes);
void scene_unmake(scene *it);

/** One that has been heard of. */
scene *scene_make_known(size_t nodes);

/** Forgets what is known of the nodes: the next call makes another connection. */
void scene_forget(scene *it);

/* What node `i` does from now on. */
void set_fault(scene *it, size_t i, node_fault fault, unsigned times);
void set_headers(scene *it, size_t i, const char *headers);
void set_chain(scene *it, size_t i, uint64_t chain_id);
void set_rule(scene *it, size_t i, fake_rule rule);

/** Asks for the chain and the latest block, and checks the answer. The code; -1 when it was sent, and the
 *  block's request holds an error. */
int ask(scene *it);

/** The same, by eth_rpc_send_elsewhere(). */
int ask_elsewhere(scene *it);

int send_transaction(scene *it);

/** How many HTTP requests node `i` got, and how many transactions. */
size_t asked(scene *it, size_t i);
unsigned sends(scene *it, size_t i);

/** How often the log says something. */
size_t logged(const scene *it, const char *words);

/** Milliseconds of all pauses in the last call. */
uint64_t total_waits(const scene *it);

/** The pauses in the last call. */
#define EXPECT_WAITS(it, ...)                                                                                \
    expect_waits(it, (uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))
void expect_waits(const scene *it, const uint64_t *waits, size_t count);

/** Milliseconds by the system's clock. */
uint64_t real_ms(void);

#endif
