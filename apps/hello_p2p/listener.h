/* SPDX-License-Identifier: MIT */
#ifndef HELLO_LISTENER_H
#define HELLO_LISTENER_H

#include <stdint.h>

/** Listens on a numeric address. `port` 0 takes a free one, and becomes it. Returns the socket, or -1
 *  after having said on standard error what is wrong. */
int listener_open(const char *address, uint16_t *port);

#endif
