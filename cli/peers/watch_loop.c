/* SPDX-License-Identifier: MIT */
#include "cli/peers/watch.h"

#include "cli/peers/signals.h"
#include "cluster/list.h"

#include <poll.h>
#include <string.h>

/* ---- What is new ---- */

/* At the start at once; after that when nothing has happened for a moment, but not for ever later. */
static void plan(watch *it, uint64_t now, uint64_t pause)
{
    if (!it->pending) it->first_ms = now;
    it->pending = true;
    uint64_t last = it->first_ms + WATCH_PATIENCE * pause;
    it->due_ms = now + pause < last ? now + pause : last;
}

static bool has_deliveries(const watch_settings *settings)
{
    return settings->template || settings->signal || settings->command;
}

/* The first list, or a later one: which differs, or in which this node is known now. */
static void take(watch *it, uint64_t now)
{
    size_t changes;
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(it->sdk), *before = it->list;
    if (!list || list == before) {
        dstack_p2p_peers_free(list);
        return;
    }
    it->status = watch_print(it, before, list, &changes);
    it->done = it->status;
    bool known = before && before->knows_self != list->knows_self;
    it->list = list;
    if (!before || changes || known) {
        it->signalled = false;
        plan(it, now, before ? it->settings.debounce_ms : 0);
    }
    dstack_p2p_peers_free(before);
}

/* ---- Deliveries ---- */

static void finish(watch *it, int status)
{
    it->status = status;
    it->done = true;
}

static void tend(watch *it, uint64_t now)
{
    peers_child_tend(&it->child, now);
    if (!peers_child_has_ended(&it->child)) return;
    bool went_well = watch_report_command(it);
    if (!went_well && (it->settings.once || it->settings.exit_on_failure))
        finish(it, CLI_CHILD);
    else if (it->settings.once)
        finish(it, CLI_OK);
}

/* Less and less often, for each time says why. */
static void try_later(watch *it, uint64_t now)
{
    plan(it, now, it->retry_ms);
    it->retry_ms = it->retry_ms < WATCH_RETRY_MAX_MS / 2 ? 2 * it->retry_ms : WATCH_RETRY_MAX_MS;
}

/* Who does not read standard output any longer will not do so later. */
static bool is_worth_a_retry(const watch *it)
{
    const watch_settings *settings = &it->settings;
    bool is_shown = settings->output && !strcmp(settings->output, "-");
    return !settings->once && !settings->exit_on_failure && !(is_shown && it->status == CLI_OUTPUT);
}

static void deliver(watch *it, uint64_t now)
{
    if (!it->pending || it->child.pid || now < it->due_ms) return;
    it->pending = false;
    bool went_well = !has_deliveries(&it->settings) || watch_deliver(it, now);
    if (went_well) it->retry_ms = WATCH_RETRY_MS;
    if (went_well && it->settings.once && !it->child.pid)
        finish(it, CLI_OK);
    else if (!went_well && is_worth_a_retry(it))
        try_later(it, now);
    else if (!went_well)
        finish(it, it->status);
}

/* ---- The loop ---- */

static uint64_t next_ms(const watch *it)
{
    if (it->child.pid) return it->child.due_ms;
    return it->pending ? it->due_ms : UINT64_MAX;
}

static void wait_for_news(const watch *it, uint64_t now)
{
    uint64_t next = next_ms(it);
    uint64_t ms = next == UINT64_MAX ? UINT64_MAX : next > now ? next - now : 0;
    peers_signals_wait(dstack_p2p_monitor_fd(it->sdk), POLLIN, ms);
}

/* A second signal is impatient. */
static void end_command(watch *it)
{
    unsigned seen = peers_signals_count();
    if (!it->child.pid) return;
    it->child.asked = false;
    peers_child_stop(&it->child, peers_now_ms());
    while (!peers_child_has_ended(&it->child)) {
        uint64_t now = peers_now_ms();
        if (peers_signals_count() != seen) it->child.due_ms = now;
        seen = peers_signals_count();
        peers_child_tend(&it->child, now);
        now = peers_now_ms();
        peers_signals_wait(-1, 0, it->child.due_ms > now ? it->child.due_ms - now : 0);
    }
}

/* Signals come while it is waited only, which may be within a step. */
static bool goes_on(const watch *it)
{
    return !it->done && !peers_signals_count();
}

int watch_run(watch *it)
{
    peers_signals_begin();
    it->retry_ms = WATCH_RETRY_MS;
    if (dstack_p2p_monitor_start(it->sdk, NULL, NULL)) return cli_fail_sdk(it->settings.run, it->sdk);
    while (goes_on(it)) {
        uint64_t now = peers_now_ms();
        tend(it, now);
        if (goes_on(it)) take(it, now);
        if (goes_on(it)) deliver(it, now);
        if (goes_on(it)) wait_for_news(it, now);
    }
    end_command(it);
    if (it->done) return it->status;
    /* What was to be done is not done. */
    return it->settings.once ? cli_fail(it->settings.run, DSTACK_P2P_ERR_CANCELLED, "interrupted") : CLI_OK;
}
