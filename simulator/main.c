/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "appkeys.h"
#include "base/hex.h"
#include "base/secret.h"
#include "eth/keccak.h"
#include "eth/key.h"
#include "http.h"
#include "loop.h"
#include "options.h"

#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct simulator {
    sim_options options;
    sim_appkeys keys;
    sim_instances instances;
    sim_http http;
    sim_loop loop;
} simulator;

/* jansson holds the keys for a while: what it gives back is wiped. */
static void wipe_and_free(void *data)
{
    if (data) base_wipe(data, malloc_usable_size(data));
    free(data);
}

/* How many named instances there may be. Each one is a descriptor, and the usual limit of 1,024 would come
 * before SIM_INSTANCES_MAX: it is raised as far as allowed, and connections come first. */
static size_t instances_limit(void)
{
    const rlim_t others = SIM_CONNECTIONS_MAX + 64, wanted = SIM_INSTANCES_MAX + others;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted) return SIM_INSTANCES_MAX;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > others ? (size_t)(limit.rlim_cur - others) : 0;
}

/* Who signed the app key: what a contract that shall accept this simulator's nodes needs to know. */
static void print_root(const sim_appkeys *keys, const sim_app *app)
{
    uint8_t message[18 + 20 + 33] = "dstack-kms-issued:", hash[32], root[33], address[20];
    char text[43], app_id[41];
    memcpy(message + 18, app->app_id20, 20);
    base_hex_encode(app->app_id20, 20, app_id);
    if (!eth_key_public(keys->app_key32, message + 38)) return;
    eth_keccak256(message, sizeof message, hash);
    if (keys->kms_signature_len && eth_key_recover(hash, keys->kms_signature65, root) &&
        eth_key_address(root, address)) {
        eth_address_format(address, text);
        fprintf(stderr, "app 0x%s, KMS root %s\n", app_id, text);
    } else {
        fprintf(stderr, "app 0x%s, %s\n", app_id,
                keys->kms_signature_len ? "a KMS signature that is none" : "no KMS signature");
    }
}

static bool load_keys(simulator *sim, base_error *error)
{
    const char *file = sim->options.appkeys;
    if (file ? !sim_appkeys_load(&sim->keys, file, error) : !sim_appkeys_load_public(&sim->keys, error))
        return false;
    if (file)
        fprintf(stderr, "dstack-simulator: FOR DEVELOPMENT ONLY: nothing attests the keys from %s\n", file);
    else
        fputs("dstack-simulator: FOR DEVELOPMENT ONLY: its keys are public and must never guard anything\n",
              stderr);
    print_root(&sim->keys, &sim->options.app);
    return true;
}

static bool make_instances(simulator *sim, base_error *error)
{
    sim_options *options = &sim->options;
    if (!sim_instances_open(&sim->instances, &options->app, options->dir, instances_limit(), sim_loop_watch,
                            &sim->loop, error) ||
        !sim_instances_revive(&sim->instances, error))
        return false;
    for (size_t i = 0; i < options->name_count; i++)
        if (!sim_instances_get(&sim->instances, options->names[i], error)) return false;
    return true;
}

static bool run(simulator *sim, base_error *error)
{
    char address[SIM_TCP_TEXT] = "";
    const char *where = sim->options.listen;
    if (!load_keys(sim, error) || !sim_loop_open(&sim->loop, error)) return false;
    if (where && (sim->loop.tcp = sim_listen_tcp(where, sim->options.allow_remote, address, error)) < 0)
        return false;
    if (!make_instances(sim, error) ||
        !sim_http_start(&sim->http, &sim->keys, &sim->options.app, &sim->instances, error))
        return false;
    sim_instance *first = sim->instances.items[0];
    printf("ready: unix:%s%s%s\n", first->path, where ? " http://" : "", address);
    fflush(stdout);
    return sim_loop_run(&sim->loop, &sim->http, first, error);
}

static void clean_up(simulator *sim)
{
    sim_http_stop(&sim->http);
    sim_instances_close(&sim->instances);
    sim_loop_close(&sim->loop);
    sim_appkeys_free(&sim->keys);
}

int main(int count, char **arguments)
{
    static simulator sim = {
        .instances.lock = -1, .http.fd = -1, .loop = {.epoll = -1, .signals = -1, .tcp = -1}};
    base_error error = {0};
    if (!sim_options_parse(&sim.options, count, arguments)) return 2;
    if (sim.options.help || sim.options.version) {
        fputs(sim.options.help ? sim_options_help : "dstack-simulator " DSTACK_P2P_VERSION "\n", stdout);
        return 0;
    }
    json_set_alloc_funcs(malloc, wipe_and_free);
    signal(SIGPIPE, SIG_IGN);
    bool done = run(&sim, &error);
    clean_up(&sim);
    if (!done) fprintf(stderr, "dstack-simulator: %s\n", error.text);
    return done ? 0 : 1;
}
