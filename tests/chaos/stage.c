/* SPDX-License-Identifier: MIT */
#include "chaos/stage.h"

#include "cluster/sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void log_line(void *context, dstack_p2p_log_level level, const char *message)
{
    stage *it = context;
    (void)level;
    it->given_up += strstr(message, "leaves out log entries") != NULL;
    if (it->options.verbose)
        printf("      %llu: %s\n", (unsigned long long)base_now_ms(&it->clock.clock), message);
}

static void open_handle(stage *it)
{
    char urls[256] = "";
    for (size_t i = 0; i < it->options.nodes; i++)
        snprintf(urls + strlen(urls), sizeof urls - strlen(urls), "%s%s", i ? "," : "",
                 fake_network_url(it->network, i));
    dstack_p2p_options options = {.rpc_url = urls,
                                  .chain_id = NETWORK_CHAIN_ID,
                                  .block = it->options.block,
                                  .cache_file = it->options.cache_file,
                                  .poll_interval_ms = STAGE_POLL_MS,
                                  .evidence = DSTACK_P2P_EVIDENCE_OFF,
                                  .log_level = DSTACK_P2P_LOG_DEBUG,
                                  .log = log_line,
                                  .log_context = it};
    it->sdk = dstack_p2p_new_with_options(CHAIN_CONTRACT, NULL, &options);
    if (!it->sdk) abort();
    it->sdk->clock = &it->clock.clock;
}

void stage_open(stage *it, const stage_options *options)
{
    memset(it, 0, sizeof *it);
    it->options = *options;
    if (!it->options.nodes) it->options.nodes = 1;
    stepped_clock_init(&it->clock);
    it->network = fake_network_start(it->options.nodes, options->salt);
    it->recorder.network = it->network;
    open_handle(it);
    for (size_t i = 0; i < it->options.nodes; i++)
        fake_network_faults(it->network, i)->no_sockets = options->no_sockets;
    if (dstack_p2p_monitor_start(it->sdk, recorder_on_change, &it->recorder)) {
        fprintf(stderr, "%s\n", dstack_p2p_errmsg(it->sdk));
        abort();
    }
    stage_pass(it, 0);
}

void stage_close(stage *it)
{
    if (!it->sdk) return;
    dstack_p2p_free(it->sdk);
    fake_network_stop(it->network);
    recorder_free(&it->recorder);
    stepped_clock_free(&it->clock);
    it->sdk = NULL;
}

void stage_pass(stage *it, uint64_t ms)
{
    stepped_clock_pass(&it->clock, ms);
}

void stage_arrive(stage *it, size_t told)
{
    static const struct timespec moment = {.tv_nsec = 5000000};
    stage_pass(it, 0);
    for (int i = 0; i < 1000 && stage_told(it) < told; i++) {
        nanosleep(&moment, NULL);
        stage_pass(it, 0);
    }
}

fake_chain *stage_begin(stage *it)
{
    return fake_network_lock(it->network);
}

void stage_mine(stage *it)
{
    fake_chain_mine(fake_network_chain(it->network));
    fake_network_announce(it->network);
    fake_network_unlock(it->network);
}

void stage_register(stage *it, unsigned instance, uint32_t url)
{
    fake_chain_register(stage_begin(it), instance, url, 1, 0);
    stage_mine(it);
}

void stage_remove(stage *it, unsigned instance)
{
    fake_chain_remove(stage_begin(it), instance, 1);
    stage_mine(it);
}

void stage_set_faults(stage *it, size_t node, network_faults faults)
{
    fake_network_lock(it->network);
    *fake_network_faults(it->network, node) = faults;
    fake_network_announce(it->network);
    fake_network_unlock(it->network);
}

size_t stage_told(const stage *it)
{
    return it->recorder.joined + it->recorder.left + it->recorder.changed;
}

dstack_p2p_status stage_status(stage *it)
{
    dstack_p2p_status status;
    dstack_p2p_monitor_status(it->sdk, &status);
    return status;
}

/* The block that the handle's option means. */
static const chain_block *block_read(const stage *it, const fake_chain *chain)
{
    uint64_t back = it->options.block == DSTACK_P2P_BLOCK_SAFE        ? CHAIN_SAFE
                    : it->options.block == DSTACK_P2P_BLOCK_FINALIZED ? CHAIN_FINALIZED
                                                                      : 0;
    return fake_chain_at(chain, chain->head > back ? chain->head - back : 0);
}

bool stage_is_right(stage *it)
{
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(it->sdk);
    const chain_block *block = block_read(it, fake_network_lock(it->network));
    recorder strict = {.network = it->network};
    bool right = list && recorder_fits(&strict, list, block);
    if (!right) {
        recorder_print_block(block);
        if (list) recorder_print_list(list);
    }
    fake_network_unlock(it->network);
    dstack_p2p_peers_free(list);
    return right;
}
