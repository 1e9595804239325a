/* SPDX-License-Identifier: MIT */
#ifndef BAD_INPUT_WORLD_H
#define BAD_INPUT_WORLD_H

#include "dstack_p2p.h"
#include "support/fake_clock.h"
#include "support/fake_guest.h"
#include "support/fake_node.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * What every test here starts from: a healthy node, a healthy guest agent, options that point to both,
 * and a log. A test breaks one thing and says which code and which words that must give.
 */

#define URL "http://localhost:8080"

typedef struct world {
    fake_node *node;
    fake_guest *guest;
    dstack_p2p_options options;
    dstack_p2p *sdk; /* the handle under test; world_open() makes it */
    char state_dir[32];
    bool keeps_state; /* a new handle finds the files of the one before */
    bool hurries;     /* its pauses take no time: set before world_open() */
    fake_clock clock;
    pthread_mutex_t lock;
    char log[64 * 1024];
    size_t log_len;
} world;

/* For cmocka: one world per test. Also clears the environment variables the library reads. */
int world_make(void **state);
int world_unmake(void **state);

/** Makes the handle under test, freeing the one before; without its files, unless keeps_state. */
dstack_p2p *world_open(world *w, const char *contract, const char *url);

/** The node's state, to be changed or looked at while no call is under way. */
fake_node_state *world_node(world *w);

/** The handle's last call failed with this code, and its sentence holds all these words (NULL ends them). */
void assert_failed(const dstack_p2p *sdk, int code, ...) __attribute__((sentinel));

/** `returned` is the code as well. */
#define ASSERT_CODE(w, returned, code, ...)                                                                  \
    do {                                                                                                     \
        assert_int_equal(returned, code);                                                                    \
        assert_failed((w)->sdk, code, __VA_ARGS__, NULL);                                                    \
    } while (0)

/** How often the node was handed a transaction. */
void assert_sends(world *w, unsigned count);

/** Opens a healthy handle, and registering fails so with nothing sent. */
#define ASSERT_REFUSED(w, url, code, ...)                                                                    \
    do {                                                                                                     \
        world_open(w, FAKE_CONTRACT, url);                                                                   \
        ASSERT_CODE(w, dstack_p2p_register((w)->sdk), code, __VA_ARGS__);                                    \
        assert_sends(w, 0);                                                                                  \
    } while (0)

/** get_peers fails so, and does not answer with an empty list. */
#define ASSERT_NO_PEERS(w, code, ...)                                                                        \
    do {                                                                                                     \
        assert_null(dstack_p2p_get_peers((w)->sdk));                                                         \
        assert_failed((w)->sdk, code, __VA_ARGS__, NULL);                                                    \
    } while (0)

/** Neither the handle's sentence nor any log line holds six bytes in a row of the secret. */
void assert_secret_kept(world *w, const char *secret);

/** A log line holds these words. */
void assert_logged(world *w, const char *words);

/** Milliseconds by the monotonic clock. */
uint64_t now_ms(void);

/** Sleeps. */
void sleep_ms(unsigned ms);

/** Sets an environment variable for the rest of the test. */
void set_variable(const char *name, const char *value);

#endif
