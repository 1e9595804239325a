/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_DRAIN_H
#define CLI_PEERS_DRAIN_H

#include "base/buf.h"

#include <stdio.h>

/** Writes what has been gathered once it is worth a call, so that long lists need little memory. NULL =
 * never. */
void peers_drain(base_buf *out, FILE *to);

/** Writes the rest, and frees the buffer; false when not all that was to be gathered could be. */
bool peers_drain_end(base_buf *out, FILE *to);

#endif
