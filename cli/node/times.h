/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_TIMES_H
#define CLI_NODE_TIMES_H

#include <stdint.h>

enum { NODE_TIME_TEXT = 32 };

/** Writes how long it is from `from` to `to`, in seconds: "45 s", "12 min", "23 h 59 min", "3 d"; "0 s" if
 * `to` is the earlier one. */
void node_duration(uint64_t to, uint64_t from, char text[static NODE_TIME_TEXT]);

#endif
