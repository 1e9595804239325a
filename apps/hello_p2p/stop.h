/* SPDX-License-Identifier: MIT */
#ifndef HELLO_STOP_H
#define HELLO_STOP_H

#include "dstack_p2p.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * SIGTERM and SIGINT end the program within two seconds, whatever the main thread waits for: a thread of
 * its own receives them, cancels the SDK's call, and if the end takes too long ends the process itself.
 */

/** Blocks the signals and starts the thread; before any other thread. False: the system refused. */
bool stop_install(void);

/** The handle whose calls a signal cancels; NULL before it is freed. */
void stop_cancels(dstack_p2p *sdk);

/** Whether a signal came. */
bool stop_requested(void);

/** Waits until a signal came or `fd` (-1: none) is readable, at most `ms`. True: a signal came. */
bool stop_wait(int fd, uint32_t ms);

#endif
