/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_EVENTS_H
#define CLI_NODE_EVENTS_H

#include "cli/run.h"

/**
 * Tells what happens: a line on standard error, or with --json a JSON object of a line on standard output,
 * with `kind`, `time`, `message` and what `fields` holds. `fields` is taken over and may be NULL. Any
 * thread.
 */
void node_event(const cli_run *run, const char *kind, json_t *fields, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** The monitor's callback; the context is a node_sidecar. */
void node_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *list);

/** What was said of the monitor's state, so that it is said once. All zero at first. */
typedef struct node_said {
    uint64_t lease_expires_at;
    int code, keep_code;
} node_said;

/** Tells what is new in the monitor's state: renewals, and what goes wrong or well again. */
void node_tell_status(const cli_run *run, const dstack_p2p_status *status, node_said *said);

#endif
