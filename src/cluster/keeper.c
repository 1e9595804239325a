/* SPDX-License-Identifier: MIT */
#include "cluster/keeper.h"

#include "base/event.h"
#include "base/gate.h"
#include "base/random.h"
#include "base/thread.h"
#include "cluster/register.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <string.h>

enum { LONG_MS = 3600 * 1000 };

bool cluster_keeper_init(cluster_keeper *keeper)
{
    memset(keeper, 0, sizeof *keeper);
    cluster_renewal_end(&keeper->renewal);
    pthread_mutex_init(&keeper->lock, NULL);
    keeper->cancel_fd = base_event_new();
    keeper->wake_fd = base_event_new();
    return keeper->cancel_fd >= 0 && keeper->wake_fd >= 0;
}

/* ---- What became of a try ---- */

static void report(const dstack_p2p *sdk, int before, const base_error *error)
{
    const base_log *log = &sdk->config.log;
    if (error->code == before || error->code == DSTACK_P2P_ERR_CANCELLED) return;
    if (!error->code)
        base_log_write(log, DSTACK_P2P_LOG_INFO, "the registration is kept up again");
    else
        base_log_write(log, DSTACK_P2P_LOG_WARNING, "the registration cannot be kept up: %s%s", error->text,
                       cluster_renewal_is_firm(error->code) ? "; looked at again in some minutes" : "");
}

/* With the lock held. */
static void take_in(dstack_p2p *sdk, const base_error *error, const cluster_standing *standing)
{
    cluster_keeper *keeper = &sdk->keeper;
    uint64_t now = base_now_ms(sdk->clock);
    if (error->code)
        cluster_renewal_failed(&keeper->renewal, error->code, now, base_dice());
    else
        cluster_renewal_stands(&keeper->renewal, standing, now, base_dice());
    if (error->code != DSTACK_P2P_ERR_CANCELLED)
        snprintf(keeper->message, sizeof keeper->message, "%.*s", (int)sizeof keeper->message - 1,
                 error->text);
}

void cluster_keeper_registered(dstack_p2p *sdk, const base_error *error, const cluster_standing *standing)
{
    pthread_mutex_lock(&sdk->keeper.lock);
    take_in(sdk, error, standing);
    pthread_mutex_unlock(&sdk->keeper.lock);
    base_event_set(sdk->keeper.wake_fd);
}

void cluster_keeper_let_go(dstack_p2p *sdk)
{
    cluster_keeper *keeper = &sdk->keeper;
    pthread_mutex_lock(&keeper->lock);
    cluster_renewal_end(&keeper->renewal);
    keeper->message[0] = '\0';
    base_event_set(keeper->cancel_fd);
    pthread_mutex_unlock(&keeper->lock);
}

void cluster_keeper_notice(dstack_p2p *sdk, const cluster_notice *notice)
{
    cluster_keeper *keeper = &sdk->keeper;
    pthread_mutex_lock(&keeper->lock);
    cluster_renewal *renewal = &keeper->renewal;
    uint64_t due = renewal->due_ms;
    int code = renewal->code;
    bool lost = renewal->lost;
    cluster_renewal_notice(renewal, notice, base_now_ms(sdk->clock), base_dice());
    if (!renewal->code) keeper->message[0] = '\0';
    bool news = renewal->due_ms != due, mended = code && !renewal->code,
         is_loss = renewal->lost && !lost && !renewal->disputed;
    pthread_mutex_unlock(&keeper->lock);
    if (mended) report(sdk, code, &(base_error){0});
    if (is_loss)
        base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING,
                       "this node is no longer listed (%llu peers less)", (unsigned long long)notice->lost);
    if (news) base_event_set(keeper->wake_fd);
}

/* ---- The thread ---- */

/* Whether a try is due and wanted; then what ended the last one is forgotten. */
static bool begin(dstack_p2p *sdk)
{
    cluster_keeper *keeper = &sdk->keeper;
    pthread_mutex_lock(&keeper->lock);
    bool due = !cluster_renewal_wait(&keeper->renewal, base_now_ms(sdk->clock));
    if (due) base_event_clear(keeper->cancel_fd);
    pthread_mutex_unlock(&keeper->lock);
    return due && !atomic_load(&keeper->stopping);
}

static int connect_both(dstack_p2p *sdk, cluster_session *session, base_error *error)
{
    cluster_keeper *keeper = &sdk->keeper;
    if (!keeper->rpc) keeper->rpc = cluster_connect(sdk, true, keeper->cancel_fd);
    if (!keeper->guest) keeper->guest = cluster_meet_guest(sdk, DSTACK_P2P_NO_WAIT, keeper->cancel_fd, error);
    *session = (cluster_session){
        .sdk = sdk, .rpc = keeper->rpc, .guest = keeper->guest, .cancel_fd = keeper->cancel_fd};
    if (!keeper->rpc) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return error->code;
}

/* Inside the gate, where the application may have registered or withdrawn meanwhile. */
static void try_once(dstack_p2p *sdk)
{
    base_error error = {0};
    cluster_session session;
    cluster_keeper *keeper = &sdk->keeper;
    if (!connect_both(sdk, &session, &error)) cluster_register(&session, sdk->config.url, &error);
    pthread_mutex_lock(&keeper->lock);
    bool wanted = keeper->renewal.wanted;
    int before = keeper->renewal.code;
    if (wanted) take_in(sdk, &error, &session.standing);
    pthread_mutex_unlock(&keeper->lock);
    if (wanted) report(sdk, before, &error);
}

static void *run(void *context)
{
    dstack_p2p *sdk = context;
    cluster_keeper *keeper = &sdk->keeper;
    while (!atomic_load(&keeper->stopping)) {
        if (begin(sdk) && base_gate_enter(sdk->gate_fd, keeper->cancel_fd)) {
            if (begin(sdk)) try_once(sdk);
            base_gate_leave(sdk->gate_fd);
        }
        pthread_mutex_lock(&keeper->lock);
        uint64_t pause = cluster_renewal_wait(&keeper->renewal, base_now_ms(sdk->clock));
        pthread_mutex_unlock(&keeper->lock);
        base_wait(sdk->clock, keeper->wake_fd, pause < LONG_MS ? pause : LONG_MS);
        base_event_clear(keeper->wake_fd);
    }
    return NULL;
}

int cluster_keeper_start(dstack_p2p *sdk, base_error *error)
{
    cluster_keeper *keeper = &sdk->keeper;
    if (!sdk->config.keeps || !sdk->config.url) return 0;
    atomic_store(&keeper->stopping, false);
    pthread_mutex_lock(&keeper->lock);
    keeper->started = base_thread_start(&keeper->thread, run, sdk);
    bool started = keeper->started;
    pthread_mutex_unlock(&keeper->lock);
    if (started) return 0;
    return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "cannot start a thread that keeps the registration up");
}

void cluster_keeper_cancel(dstack_p2p *sdk)
{
    atomic_store(&sdk->keeper.stopping, true);
    base_event_set(sdk->keeper.cancel_fd);
    base_event_set(sdk->keeper.wake_fd);
}

void cluster_keeper_stop(dstack_p2p *sdk)
{
    cluster_keeper *keeper = &sdk->keeper;
    if (!keeper->started) return;
    cluster_keeper_cancel(sdk);
    pthread_join(keeper->thread, NULL);
    eth_rpc_free(keeper->rpc);
    guest_client_free(keeper->guest);
    keeper->rpc = NULL;
    keeper->guest = NULL;
    pthread_mutex_lock(&keeper->lock);
    keeper->started = false;
    pthread_mutex_unlock(&keeper->lock);
}

void cluster_keeper_free(dstack_p2p *sdk)
{
    cluster_keeper *keeper = &sdk->keeper;
    cluster_keeper_stop(sdk);
    base_event_free(keeper->cancel_fd);
    base_event_free(keeper->wake_fd);
    pthread_mutex_destroy(&keeper->lock);
}

void cluster_keeper_status(dstack_p2p *sdk, dstack_p2p_status *status)
{
    cluster_keeper *keeper = &sdk->keeper;
    pthread_mutex_lock(&keeper->lock);
    status->keeping = keeper->started && !atomic_load(&keeper->stopping) && keeper->renewal.wanted;
    status->keep_code = keeper->renewal.code;
    snprintf(status->keep_message, sizeof status->keep_message, "%s",
             keeper->renewal.code ? keeper->message : "");
    pthread_mutex_unlock(&keeper->lock);
}
