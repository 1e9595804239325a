/* SPDX-License-Identifier: MIT */
#include "support/relay.h"
#include "watcher.h"

#include <pthread.h>
#include <stdio.h>

/*
 * Registering over a line that takes 200 ms there and back, and breaks every tenth connection somewhere in
 * the first answer. Each registration has a connection of its own, and must succeed.
 */

enum { NODES = 10, ROUNDS = 10, DELAY_MS = 100, BREAKS_PERMILLE = 100 };

/* One node's registrations. */
typedef struct job {
    const world *it;
    char name[16], url[64];
    unsigned succeeded;
    char problem[512]; /* the first */
    pthread_t thread;
} job;

static void register_once(job *one, unsigned round)
{
    node_options node;
    char connection_url[64];
    snprintf(connection_url, sizeof connection_url, "http://%s:%u", one->name, 1000 + round);
    node_defaults(one->it, one->name, &node);
    node.options.rpc_url = one->url;
    node.options.rpc_timeout_ms = 0; /* as it is by default */
    dstack_p2p *sdk = dstack_p2p_new_with_options(one->it->contract, connection_url, &node.options);
    if (!sdk) return;
    if (!dstack_p2p_register(sdk))
        one->succeeded++;
    else if (!one->problem[0])
        snprintf(one->problem, sizeof one->problem, "%s", dstack_p2p_errmsg(sdk));
    dstack_p2p_free(sdk);
}

static void *run(void *context)
{
    job *one = context;
    for (unsigned round = 0; round < ROUNDS; round++)
        register_once(one, round);
    return NULL;
}

static void test_all_succeed(void **state)
{
    world *it = *state;
    job jobs[NODES];
    unsigned succeeded = 0;
    relay *line = relay_start(it->chain.port, 4);
    relay_set(line, (relay_faults){.delay_ms = DELAY_MS, .breaks_permille = BREAKS_PERMILLE});
    for (unsigned i = 0; i < NODES; i++) {
        jobs[i] = (job){.it = it};
        snprintf(jobs[i].name, sizeof jobs[i].name, "node%u", i);
        snprintf(jobs[i].url, sizeof jobs[i].url, "http://127.0.0.1:%u", relay_port(line));
        dstack_p2p_free(node_admitted(it, jobs[i].name, NULL));
    }
    double begun = sim_now();
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
    for (unsigned i = 0; i < NODES; i++)
        pthread_join(jobs[i].thread, NULL);
    printf("%u registrations in %.1f s, %u of %u connections broken\n", NODES * ROUNDS, sim_now() - begun,
           relay_broken(line), relay_connections(line));
    for (unsigned i = 0; i < NODES; i++) {
        if (jobs[i].problem[0]) print_error("%s: %s\n", jobs[i].name, jobs[i].problem);
        succeeded += jobs[i].succeeded;
    }
    assert_int_equal(succeeded, NODES * ROUNDS);
    assert_true(relay_broken(line) > 0);
    relay_stop(line);
    dstack_p2p *reader = node_new(it, "node0", NULL);
    dstack_p2p_peers *peers = peers_of(reader);
    assert_int_equal(dstack_p2p_peers_count(peers), NODES);
    assert_int_equal(dstack_p2p_peers_version(peers), NODES * ROUNDS); /* each once, and no more */
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_all_succeed, world_deploy)};
    return run_live_tests(tests);
}
