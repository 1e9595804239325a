/* SPDX-License-Identifier: MIT */
#include "chaos/schedule.h"

#include "base/clock.h"
#include "chaos/stage.h"

#include <stdio.h>
#include <string.h>

/* Steps between two checks; how soon after the faults the list must be right; how long nothing may be told
 * then. */
enum { ROUND = 30, HEALED_MS = 5000, QUIET_MS = 130000, RESTED_MS = 40000, DEPTH_MAX = 64 };

typedef struct schedule {
    schedule_options options;
    schedule_counts counts;
    stage stage;
    uint64_t dice;  /* of the schedule */
    uint64_t event; /* of what happens to the chain: how much of it is drawn depends on the chain */
} schedule;

#define say(it, ...)                                                                                         \
    do {                                                                                                     \
        if ((it)->options.verbose) printf(__VA_ARGS__);                                                      \
    } while (0)

/* ---- Chance ---- */

static uint64_t draw(uint64_t *dice, uint64_t below)
{
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    return (*dice >> 11) % below;
}

static bool chance(uint64_t *dice, unsigned percent)
{
    return draw(dice, 100) < percent;
}

/* Mostly small. */
static uint64_t draw_depth(schedule *it)
{
    uint64_t most = chance(&it->event, 80) ? 3 : chance(&it->event, 80) ? 12 : DEPTH_MAX;
    return 1 + draw(&it->event, most);
}

/* ---- What happens on the chain ---- */

/* No renewal shortens a lease: no version tells of that, and who did not hear of it learns it within a
 * minute. */
static uint64_t no_shorter(const chain_block *block, const chain_member *member, uint64_t lease_s)
{
    uint64_t left = member->expires_at > block->time ? member->expires_at - block->time : 0;
    if (!member->expires_at || !lease_s) return 0;
    return lease_s > left ? lease_s : left;
}

static void transact(schedule *it, fake_chain *chain)
{
    unsigned instance = (unsigned)draw(&it->event, CHAIN_INSTANCES), kind = (unsigned)draw(&it->event, 100);
    uint64_t lease_s = chance(&it->event, 40) ? 4 + draw(&it->event, 120) : 0;
    const chain_member *member = &chain->next.members[instance];
    uint32_t url = (uint32_t)draw(&it->event, 200), key = (uint32_t)draw(&it->event, 40);
    if (kind >= 40) url = member->url;
    if (kind >= 40 || key > 3) key = member->key;
    if (url == member->url && key == member->key) lease_s = no_shorter(&chain->next, member, lease_s);
    if (kind < 65)
        fake_chain_register(chain, instance, url, key, lease_s);
    else if (kind < 90)
        fake_chain_remove(chain, instance, (uint8_t)(1 + draw(&it->event, 7)));
    else if (kind < 98)
        fake_chain_prune(chain);
    else
        fake_chain_tighten(chain);
}

static void fill_block(schedule *it, fake_chain *chain)
{
    if (chance(&it->event, 30)) fake_chain_wait(chain, draw(&it->event, 30));
    for (uint64_t left = draw(&it->event, 4); left; left--)
        transact(it, chain);
    fake_chain_mine(chain);
    it->counts.blocks++;
}

/* A branch with as many changes as the one that it replaces: only who is a member tells them apart. */
static void catch_up(schedule *it, fake_chain *chain, uint64_t version)
{
    while (chain->next.version < version) {
        while (chain->next.version < version && fake_chain_has_room(chain))
            fake_chain_register(chain, (unsigned)draw(&it->event, CHAIN_INSTANCES),
                                200 + (uint32_t)draw(&it->event, 200), 0, 0);
        fake_chain_mine(chain);
        it->counts.blocks++;
    }
}

static void reorganise(schedule *it, fake_chain *chain)
{
    uint64_t depth = draw_depth(it), length = depth + draw(&it->event, 3),
             version = fake_chain_head(chain)->version;
    if (depth >= chain->head) return;
    say(it, "    reorganises %llu blocks from %llu\n", (unsigned long long)depth,
        (unsigned long long)chain->head);
    fake_chain_rewind(chain, depth);
    while (length--)
        fill_block(it, chain);
    if (chance(&it->event, 50)) catch_up(it, chain, version);
    it->counts.reorganisations++;
}

/* With the lock held: now, or before a node answers some request. */
static void happen(void *context)
{
    schedule *it = context;
    fake_chain *chain = fake_network_chain(it->stage.network);
    if (it->options.reorganises && chance(&it->event, 15))
        reorganise(it, chain);
    else
        for (uint64_t blocks = 1 + (chance(&it->event, 20) ? draw(&it->event, 5) : 0); blocks; blocks--)
            fill_block(it, chain);
    say(it, "    block %llu, version %llu\n", (unsigned long long)chain->head,
        (unsigned long long)fake_chain_head(chain)->version);
    fake_network_announce(it->stage.network);
    if (chance(&it->event, 40))
        fake_network_lay(it->stage.network, 1 + (unsigned)draw(&it->event, 6), happen, it);
}

/* ---- What happens to the nodes ---- */

static void break_http(schedule *it, network_faults *faults)
{
    switch (draw(&it->dice, 6)) {
    case 0:
        faults->lag = draw(&it->dice, 6);
        break;
    case 1:
        faults->other_lag = draw(&it->dice, 4);
        break;
    case 2:
        faults->refuses_batches = chance(&it->dice, 30);
        break;
    case 3:
        faults->page_max =
            it->stage.recorder.reads_pages && chance(&it->dice, 50) ? 1 + draw(&it->dice, 30) : 0;
        break;
    case 4:
        faults->delay_ms = (unsigned)(chance(&it->dice, 10) ? draw(&it->dice, 3) : 0);
        break;
    default:
        faults->trouble = (network_trouble)draw(&it->dice, NETWORK_TROUBLES);
        faults->every = (unsigned)draw(&it->dice, 6);
    }
}

static void break_socket(schedule *it, network_faults *faults)
{
    bool *all[] = {&faults->no_sockets, &faults->mute,     &faults->skips_logs, &faults->skips_heads,
                   &faults->repeats,    &faults->shuffles, &faults->babbles,    &faults->keeps_removed};
    bool *one = all[draw(&it->dice, sizeof all / sizeof *all)];
    *one = !*one;
}

static void break_something(schedule *it)
{
    size_t node = draw(&it->dice, it->options.nodes);
    network_faults *faults = fake_network_faults(it->stage.network, node);
    it->counts.faults++;
    switch (draw(&it->dice, 4)) {
    case 0:
        break_http(it, faults);
        break;
    case 1:
        break_socket(it, faults);
        break;
    case 2:
        fake_network_drop(it->stage.network, node);
        break;
    default:
        *faults = (network_faults){.delay_ms = 0};
    }
    say(it, "    node %zu: trouble %d every %u, lags %llu and %llu, pages %llu, %s%s%s%s%s%s%s%s%s\n", node,
        faults->trouble, faults->every, (unsigned long long)faults->lag,
        (unsigned long long)faults->other_lag, (unsigned long long)faults->page_max,
        faults->refuses_batches ? "no batches " : "", faults->no_sockets ? "no sockets " : "",
        faults->mute ? "mute " : "", faults->skips_logs ? "skips logs " : "",
        faults->skips_heads ? "skips heads " : "", faults->repeats ? "repeats " : "",
        faults->shuffles ? "shuffles " : "", faults->babbles ? "babbles " : "",
        faults->keeps_removed ? "keeps removed" : "");
}

/* ---- What must be so ---- */

static bool fail(schedule *it, const char *what)
{
    dstack_p2p_status status = stage_status(&it->stage);
    printf("seed %llu: at change %llu, %llu ms: %s\n  status %d (%s), %s, block %llu, version %llu\n",
           (unsigned long long)it->options.seed, (unsigned long long)it->counts.changes,
           (unsigned long long)base_now_ms(&it->stage.clock.clock), what, status.code, status.message,
           status.transport, (unsigned long long)status.block_number, (unsigned long long)status.version);
    return false;
}

static bool is_content(schedule *it)
{
    dstack_p2p_status status = stage_status(&it->stage);
    if (!recorder_is_content(&it->stage.recorder)) return fail(it, it->stage.recorder.failure);
    if (!status.running) return fail(it, "the monitor does not run");
    if (!status.code != !*status.message) return fail(it, "a code without a sentence, or the reverse");
    if (!status.code != !status.failures) return fail(it, "failures are not counted as they are");
    return true;
}

static void end_faults(schedule *it)
{
    stage_begin(&it->stage);
    say(it, "    all well\n");
    for (size_t i = 0; i < it->options.nodes; i++)
        *fake_network_faults(it->stage.network, i) = (network_faults){.delay_ms = 0};
    fake_network_lift(it->stage.network);
    stage_mine(&it->stage);
}

/* A limit of the rate is obeyed a while longer, and a node that failed is not asked for a second opinion. */
static bool must_rest(schedule *it)
{
    return it->options.nodes > 1 || stage_status(&it->stage).code == DSTACK_P2P_ERR_RPC_LIMITED;
}

static bool check(schedule *it)
{
    end_faults(it);
    stage_pass(&it->stage, HEALED_MS);
    if (must_rest(it)) {
        stage_pass(&it->stage, RESTED_MS);
        end_faults(it);
        stage_pass(&it->stage, HEALED_MS);
    }
    it->counts.checks++;
    if (stage_status(&it->stage).code) return fail(it, "the status is bad after the faults");
    if (!stage_is_right(&it->stage)) return fail(it, "the list is wrong after the faults");
    size_t calls = it->stage.recorder.calls;
    if (chance(&it->dice, 30)) stage_pass(&it->stage, QUIET_MS);
    if (it->stage.recorder.calls != calls) return fail(it, "something was told that did not happen");
    return is_content(it);
}

/* ---- The run ---- */

/* A round of polling. */
static void stay_silent(schedule *it)
{
    fake_network_lock(it->stage.network);
    for (size_t i = 0; i < it->options.nodes; i++)
        fake_network_faults(it->stage.network, i)->no_sockets = true;
    fake_network_announce(it->stage.network);
    fake_network_unlock(it->stage.network);
}

static uint64_t draw_pause(schedule *it)
{
    static const uint64_t pauses[] = {0, 0, 20, 200, 1000, 2000, 2000, 12000};
    return pauses[draw(&it->dice, sizeof pauses / sizeof *pauses)];
}

static bool step(schedule *it)
{
    fake_network *network = it->stage.network;
    fake_network_lock(network);
    if (chance(&it->dice, 25)) break_something(it);
    it->event = 1 + draw(&it->dice, UINT32_MAX);
    unsigned ambush_in = 1 + (unsigned)draw(&it->dice, 12);
    if (chance(&it->dice, 30))
        fake_network_lay(network, ambush_in, happen, it);
    else
        happen(it);
    fake_network_unlock(network);
    stage_pass(&it->stage, draw_pause(it));
    fake_network_lock(network);
    it->counts.changes = fake_network_chain(network)->transactions;
    fake_network_unlock(network);
    return is_content(it);
}

static bool run(schedule *it)
{
    bool ok = true;
    while (ok && it->counts.changes < it->options.changes) {
        if (chance(&it->dice, 30)) stay_silent(it);
        for (int i = 0; ok && i < ROUND; i++)
            ok = step(it);
        ok = ok && check(it);
    }
    return ok;
}

bool schedule_run(const schedule_options *options, schedule_counts *counts)
{
    schedule it = {.options = *options, .dice = options->seed * 2 + 1};
    for (int i = 0; i < 8; i++)
        draw(&it.dice, 1);
    uint64_t start = 0;
    stage_open(&it.stage, &(stage_options){.nodes = options->nodes,
                                           .salt = options->seed,
                                           .block = options->block,
                                           .verbose = options->verbose});
    it.stage.recorder.keeps = options->nodes > 1;
    it.stage.recorder.reads_pages = chance(&it.dice, 30);
    start = base_now_ms(&it.stage.clock.clock);
    bool ok = run(&it);
    it.counts.told = it.stage.recorder.calls;
    it.counts.requests = fake_network_requests(it.stage.network);
    it.counts.virtual_ms = base_now_ms(&it.stage.clock.clock) - start;
    stage_close(&it.stage);
    *counts = it.counts;
    return ok;
}
