/* SPDX-License-Identifier: MIT */
#ifndef HELLO_PULSE_H
#define HELLO_PULSE_H

#include "node.h"
#include "server.h"

typedef struct hello_pulse hello_pulse;

/** Starts a thread that tells those who look at the page what is new; it sleeps while nobody looks. NULL: the
 *  system refused. */
hello_pulse *pulse_start(hello_node *self, hello_server *server);

/** Ends it; before the server. NULL is allowed. */
void pulse_stop(hello_pulse *self);

#endif
