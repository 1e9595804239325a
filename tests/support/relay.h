/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_RELAY_H
#define SUPPORT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A bad line: relays TCP connections to a port of 127.0.0.1, and delays, breaks and refuses them as it is
 * told to. What it does by chance follows from a seed.
 */

typedef struct relay relay;

/** What the line does from now on. All zero: nothing bad. */
typedef struct relay_faults {
    unsigned delay_ms;        /**< for each piece, one way */
    unsigned breaks_permille; /**< of connections that end behind the first bytes of answers, or before */
    bool down;                /**< new connections are closed at once, and old ones are ended */
    bool websockets_down;     /**< likewise, but only for connections that begin with GET */
    bool stuck;               /**< nothing is passed on, and nothing is closed */
} relay_faults;

/** A relay on a free port. */
relay *relay_start(unsigned target_port, uint64_t seed);

unsigned relay_port(const relay *line);

void relay_set(relay *line, relay_faults faults);

/** Ends the WebSockets that are open. */
void relay_drop_websockets(relay *line);

/** Connections so far, and those that were broken by chance. */
unsigned relay_connections(relay *line);
unsigned relay_broken(relay *line);

void relay_stop(relay *line);

#endif
