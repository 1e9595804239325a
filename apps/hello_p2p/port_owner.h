/* SPDX-License-Identifier: MIT */
#ifndef HELLO_PORT_OWNER_H
#define HELLO_PORT_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Writes "NAME (process PID)" of who listens on a TCP port here. False when that cannot be seen. */
bool port_owner(uint16_t port, char *out, size_t size);

#endif
