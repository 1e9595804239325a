/* SPDX-License-Identifier: MIT */
#ifndef HELLO_ADDRESS_H
#define HELLO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/**
 * Whether an address belongs to the public internet: no loopback, private, link-local, multicast, shared,
 * documentation, benchmarking or reserved one, nor an IPv6 form that stands for such an IPv4 address.
 * Anything but IPv4 and IPv6 is not public.
 */
bool address_is_public(const struct sockaddr *address, socklen_t len);

/** The same for the host of a URL: "localhost", a numeric address, or one in brackets. A name is public as
 *  far as one can tell: what it resolves to has to be looked at when connecting. */
bool address_host_is_public(const char *host);

#endif
