/* SPDX-License-Identifier: MIT */
#include "cli/node/sidecar.h"

#include "base/backoff.h"
#include "cli/deadline.h"
#include "cli/node/events.h"
#include "cli/node/notify.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <time.h>

enum {
    RETRY_FIRST_MS = 250,
    RETRY_MOST_MS = 15000,
    LOOK_MS = 500,
    POLL_DEFAULT_MS = 2000,
    STALE_EXTRA_MS = 15000
};

bool node_sidecar_init(node_sidecar *self, const cli_run *run, const node_settings *settings)
{
    struct timespec now;
    uint64_t interval = settings->options.poll_interval_ms;
    clock_gettime(CLOCK_REALTIME, &now);
    *self = (node_sidecar){.run = run,
                           .settings = *settings,
                           .give_up_ms = UINT64_MAX,
                           .stale_ms = 3 * (interval ? interval : POLL_DEFAULT_MS) + STALE_EXTRA_MS,
                           .started_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9};
    snprintf(self->reason, sizeof self->reason, "starting");
    if (settings->retry_ms != UINT64_MAX)
        self->give_up_ms = base_now_ms(base_clock_system()) + settings->retry_ms;
    return !pthread_mutex_init(&self->lock, NULL);
}

void node_sidecar_free(node_sidecar *self)
{
    pthread_mutex_destroy(&self->lock);
}

static void set_reason(node_sidecar *self, const char *reason)
{
    pthread_mutex_lock(&self->lock);
    snprintf(self->reason, sizeof self->reason, "%s", reason);
    pthread_mutex_unlock(&self->lock);
}

static void set_registered(node_sidecar *self, bool registered)
{
    pthread_mutex_lock(&self->lock);
    self->registered = registered;
    pthread_mutex_unlock(&self->lock);
}

static void set_watched(node_sidecar *self, dstack_p2p *sdk)
{
    pthread_mutex_lock(&self->lock);
    self->watched = sdk;
    pthread_mutex_unlock(&self->lock);
}

/* After a failed call: whether it is to be made again, having waited for that. */
static bool wait_to_retry(node_sidecar *self, const char *what, uint32_t failures, int *last)
{
    int code = dstack_p2p_errcode(self->sdk);
    uint64_t pause_ms = base_backoff_ms(failures, RETRY_FIRST_MS, RETRY_MOST_MS, base_random_system());
    if (cli_interrupted()) return false;
    set_reason(self, dstack_p2p_errmsg(self->sdk));
    if (!dstack_p2p_code_is_transient(code) || base_now_ms(base_clock_system()) + pause_ms > self->give_up_ms)
        return false;
    if (code != *last)
        node_event(self->run, "problem",
                   json_pack("{ss si ss}", "of", what, "code", code, "name", dstack_p2p_code_name(code)),
                   "%s is tried again: %s", what, dstack_p2p_errmsg(self->sdk));
    *last = code;
    return !base_wait(base_clock_system(), self->sdk->cancel_fd, pause_ms);
}

static int failure(const node_sidecar *self)
{
    return cli_interrupted() ? CLI_OK : cli_fail_sdk(self->run, self->sdk);
}

static const char *identify(node_sidecar *self)
{
    const char *id;
    int last = 0;
    for (uint32_t failures = 1; !(id = dstack_p2p_instance_id(self->sdk)); failures++)
        if (!wait_to_retry(self, "asking the guest agent", failures, &last)) return NULL;
    return id;
}

static int open_handle(node_sidecar *self, const char *url)
{
    int status;
    self->sdk = cli_open_with(self->run, url, &self->settings.options, &status);
    return status;
}

/* The gateway's URL holds the instance id, which a first handle has to ask for. */
static int choose_url(node_sidecar *self)
{
    const node_url *url = &self->settings.url;
    char text[NODE_URL_TEXT];
    int status = url->port ? open_handle(self, NULL) : 0;
    const char *id = url->port && !status ? identify(self) : NULL;
    if (!status && url->port && !id) return failure(self);
    if (!status) status = node_url_write(self->run, url, id, text);
    if (url->port && !status) cli_close(self->sdk);
    if (status) return status;
    self->sdk = NULL;
    pthread_mutex_lock(&self->lock);
    snprintf(self->url, sizeof self->url, "%s", text);
    pthread_mutex_unlock(&self->lock);
    return 0;
}

/* Finds out who this node is, and watches from then on: not before, for the root that peers are checked
 * against comes from there. */
static int meet(node_sidecar *self)
{
    int status = choose_url(self);
    if (status || cli_interrupted()) return status;
    if ((status = open_handle(self, self->url))) return status;
    const char *id = cli_interrupted() ? NULL : identify(self);
    if (!id) return failure(self);
    node_event(self->run, "identity", json_pack("{ss ss}", "instance_id", id, "url", self->url),
               "instance %s, contract %s, publishing %s", id, dstack_p2p_contract_address(self->sdk),
               self->url);
    if (dstack_p2p_monitor_start(self->sdk, node_on_change, self)) return failure(self);
    set_watched(self, self->sdk);
    return 0;
}

static int join(node_sidecar *self)
{
    int last = 0, code;
    set_reason(self, "registering");
    for (uint32_t failures = 1; (code = dstack_p2p_register(self->sdk)); failures++) {
        self->sent |= code == DSTACK_P2P_ERR_UNCONFIRMED;
        if (!wait_to_retry(self, "registering", failures, &last)) return failure(self);
    }
    self->sent = true;
    set_registered(self, true);
    node_event(self->run, "registered", json_pack("{ss}", "url", self->url), "registered: %s", self->url);
    node_notify("READY=1\nSTATUS=registered");
    return 0;
}

/* The SDK's keeper renews the lease, and registers again what was lost. */
static void stay(node_sidecar *self)
{
    node_said said = {0};
    dstack_p2p_status status;
    while (!base_wait(base_clock_system(), self->sdk->cancel_fd, LOOK_MS))
        if (!dstack_p2p_monitor_status(self->sdk, &status)) node_tell_status(self->run, &status, &said);
}

static int withdraw(node_sidecar *self)
{
    cli_deadline deadline;
    node_event(self->run, "withdrawing", NULL, "withdrawing; a second signal ends the program at once");
    dstack_p2p_resume(self->sdk);
    cli_deadline_begin(&deadline, self->sdk, self->settings.withdraw_ms);
    int code = dstack_p2p_withdraw(self->sdk);
    bool late = cli_deadline_end(&deadline);
    if (!code) {
        node_event(self->run, "withdrawn", NULL, "withdrawn: the contract does not list this node");
        return CLI_OK;
    }
    if (late && code == DSTACK_P2P_ERR_CANCELLED) code = CLI_TIMED_OUT;
    return cli_fail(self->run, code, "not withdrawn%s, the contract may list this node: %s",
                    late ? " in time (--withdraw-timeout)" : "", dstack_p2p_errmsg(self->sdk));
}

/* After a signal. */
static int part(node_sidecar *self)
{
    node_notify("STOPPING=1");
    set_registered(self, false);
    set_reason(self, "it is ending");
    if (self->settings.withdraws && self->sdk) return withdraw(self);
    node_event(self->run, "ended", NULL,
               self->sent ? "ended: the contract lists this node until its lease ends"
                          : "ended: no registration was sent");
    return CLI_OK;
}

int node_sidecar_live(node_sidecar *self)
{
    int status = meet(self);
    if (!status && !cli_interrupted()) status = join(self);
    if (!status && !cli_interrupted()) stay(self);
    set_watched(self, NULL);
    if (self->sdk) dstack_p2p_monitor_stop(self->sdk);
    if (!status) status = part(self);
    cli_close(self->sdk);
    return status;
}
