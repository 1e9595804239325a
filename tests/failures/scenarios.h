/* SPDX-License-Identifier: MIT */
#ifndef FAILURES_SCENARIOS_H
#define FAILURES_SCENARIOS_H

#include "failures/inject.h"
#include "failures/world.h"

/** What is refused in a run. */
typedef struct refusal {
    inject_kind kind;
    size_t nth;
    bool all; /**< from there on, everything */
} refusal;

/**
 * A run: the same with something refused, which must end well or say why not, and then once more with nothing
 * refused, which must end well. Returns whether anything was refused at all; if not, `nth` was beyond the
 * last request.
 */
typedef struct scenario {
    const char *name;
    bool (*run)(world *w, refusal refused);
} scenario;

bool scenario_register(world *w, refusal refused);
bool scenario_peers(world *w, refusal refused);
bool scenario_monitor(world *w, refusal refused);
bool scenario_orders(world *w, refusal refused);

/** A new handle. `broken`: there is none, or it says why it will fail every call. */
dstack_p2p *scenario_open(world *w, bool *broken);

/** The same handle, which must do; a new one in place of a broken one. */
dstack_p2p *scenario_open_again(world *w, dstack_p2p *sdk, bool broken);

/** Prints the codes of the calls that failed so far, and how often. */
void scenario_print_codes(void);

/** Whether a failed call says so in a way that fits: with a code for what the machine lacked, and a sentence.
 */
void scenario_check_failure(const dstack_p2p *sdk, int code);

#endif
