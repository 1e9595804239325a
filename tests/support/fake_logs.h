/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_LOGS_H
#define SUPPORT_FAKE_LOGS_H

#include "support/fake_node.h"

#include <jansson.h>

/*
 * The blocks behind fake_node, and the PeerRegistered entries in them: those of the listed peers, signed as
 * fake_guest would, or flawed.
 */

/** A block of the chain, by tag or number; JSON null for one that is not there. */
json_t *fake_block(const fake_node_state *state, const char *tag);

/** What eth_getLogs returns; NULL when a limit is exceeded, with what is said then in `*message`. */
json_t *fake_logs(fake_node_state *state, const json_t *params, const char **message);

#endif
