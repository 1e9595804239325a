/* SPDX-License-Identifier: MIT */
#include "failures/world.h"

#include "failures/inject.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 256, PATIENCE = 10000 };

static const char *const variables[] = {"CONTRACT_ADDRESS",
                                        "CONNECTION_URL",
                                        "RPC_URL",
                                        "CHAIN_ID",
                                        "PRIVATE_KEY_FILE",
                                        "PRIVATE_KEY",
                                        "DSTACK_SIMULATOR_ENDPOINT",
                                        "DSTACK_P2P_STATE_DIR",
                                        "DSTACK_P2P_CACHE_FILE"};

static size_t count_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void world_check_descriptors(const world *w)
{
    static const struct timespec pause = {.tv_nsec = 200000};
    size_t count = count_descriptors();
    for (int i = 0; i < PATIENCE && count != w->descriptors; i++, count = count_descriptors())
        nanosleep(&pause, NULL);
    REQUIRE(count == w->descriptors, "%zu descriptors are open instead of %zu", count, w->descriptors);
}

void world_make(world *w)
{
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    w->node = fake_node_start();
    w->guest = fake_guest_start(false);
    fake_node_lock(w->node)->peers[0] =
        (fake_peer){"00000000000000000000000000000000000000aa", "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf",
                    "http://a", 1, 0};
    fake_node_unlock(w->node);
    fake_node_state *state = fake_node_lock(w->node);
    state->peer_count = 1;
    w->fresh = *state;
    fake_node_unlock(w->node);
    snprintf(w->state_dir, sizeof w->state_dir, "/tmp/dstack-p2p-failures-XXXXXX");
    REQUIRE(mkdtemp(w->state_dir), "there is no folder for the state");
    w->descriptors = count_descriptors();
}

void world_unmake(world *w)
{
    fake_remove_dir(w->state_dir);
    fake_node_stop(w->node);
    fake_guest_stop(w->guest);
}

void world_reset(world *w)
{
    *fake_node_lock(w->node) = w->fresh;
    fake_node_unlock(w->node);
    fake_remove_dir(w->state_dir);
}

static dstack_p2p *open_with(world *w, const char *key)
{
    dstack_p2p_options options = {.rpc_url = fake_node_url(w->node),
                                  .guest_endpoint = fake_server_endpoint(fake_guest_server(w->guest)),
                                  .guest_wait_ms = DSTACK_P2P_NO_WAIT,
                                  .poll_interval_ms = 10,
                                  .confirm_timeout_ms = 100,
                                  .state_dir = w->state_dir,
                                  .private_key = key,
                                  .evidence = DSTACK_P2P_EVIDENCE_OFF};
    return dstack_p2p_new_with_options(FAKE_CONTRACT, OWN_URL, &options);
}

dstack_p2p *world_open(world *w)
{
    return open_with(w, NULL);
}

dstack_p2p *world_open_with_key(world *w)
{
    return open_with(w, "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");
}

void world_add_peer(world *w)
{
    fake_node_state *state = fake_node_lock(w->node);
    state->peers[state->peer_count++] =
        (fake_peer){"00000000000000000000000000000000000000bb", "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf",
                    "http://b", 2, 0};
    state->version++;
    state->block_number++;
    fake_node_unlock(w->node);
}

unsigned world_taken(world *w)
{
    fake_node_state *state = fake_node_lock(w->node);
    unsigned taken = strcmp(state->listed_url, OWN_URL) == 0 ? state->taken : 0;
    fake_node_unlock(w->node);
    return taken;
}

void world_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    inject_disarm();
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
