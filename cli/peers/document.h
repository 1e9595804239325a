/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_DOCUMENT_H
#define CLI_PEERS_DOCUMENT_H

#include "base/buf.h"
#include "cli/peers/selection.h"

#include <stdio.h>

/*
 * Lists as JSON, written by hand: ten thousand peers as a tree of values would take longer than the chain to
 * answer.
 */

enum { PEERS_DOCUMENT_MAX = 256 * 1024 * 1024 };

/** Appends the members "version": ... to "peers": [...], without braces around them; in one line, or not.
 * What is gathered goes to `drain` on the way, unless that is NULL. */
void peers_document_members(base_buf *out, const peers_selection *selection, bool in_lines, FILE *drain);

/** Appends {"version": ..., "peers": [...]} and a newline. */
void peers_document_write(base_buf *out, const peers_selection *selection, bool in_lines, FILE *drain);

/** Appends one peer; null for NULL. */
void peers_document_peer(base_buf *out, const dstack_p2p_peer *peer);

#endif
