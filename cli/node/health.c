/* SPDX-License-Identifier: MIT */
#include "cli/node/sidecar.h"

#include <inttypes.h>
#include <stdio.h>

/* The lock is held. */
static bool judge(const node_sidecar *self, const dstack_p2p_status *status,
                  char reason[static NODE_REASON_TEXT])
{
    if (!self->registered) {
        snprintf(reason, NODE_REASON_TEXT, "not registered: %.480s", self->reason);
    } else if (status->age_ms == UINT64_MAX) {
        snprintf(reason, NODE_REASON_TEXT, "the contract has not been read yet%s%s", status->code ? ": " : "",
                 status->message);
    } else if (status->age_ms > self->stale_ms) {
        snprintf(reason, NODE_REASON_TEXT, "the last reading of the contract is %" PRIu64 " s old: %s",
                 status->age_ms / 1000, status->message);
    } else if (!self->listed) {
        snprintf(reason, NODE_REASON_TEXT, "the contract does not list this node%s%s",
                 status->keep_code ? ": " : "", status->keep_message);
    } else {
        if (status->keep_code)
            snprintf(reason, NODE_REASON_TEXT, "the registration cannot be kept up: %s",
                     status->keep_message);
        return true;
    }
    return false;
}

bool node_sidecar_is_healthy(node_sidecar *self, char reason[static NODE_REASON_TEXT])
{
    dstack_p2p_status status = {.age_ms = UINT64_MAX};
    *reason = '\0';
    pthread_mutex_lock(&self->lock);
    if (self->watched) (void)dstack_p2p_monitor_status(self->watched, &status);
    bool ok = judge(self, &status, reason);
    pthread_mutex_unlock(&self->lock);
    return ok;
}
