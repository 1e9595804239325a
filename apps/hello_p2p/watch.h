/* SPDX-License-Identifier: MIT */
#ifndef HELLO_WATCH_H
#define HELLO_WATCH_H

#include "dstack_p2p.h"

/** The monitor's callback; the context is the node. Keeps the peers, and wakes whom it concerns. */
void watch_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *list);

#endif
