/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_ADDRESS_H
#define CLI_PEERS_ADDRESS_H

/*
 * Where a peer can be reached, taken from the URL it published. That may be anything of 256 printable bytes:
 * what is not plainly a host and a port has neither.
 */

enum { PEERS_HOST_TEXT = 254, PEERS_PORT_TEXT = 6 };

typedef struct peers_address {
    char host[PEERS_HOST_TEXT]; /**< a name, or an IP address, an IPv6 one without brackets; "" = none */
    char port[PEERS_PORT_TEXT]; /**< "1" to "65535", the scheme's own when none is given; "" = none */
} peers_address;

/**
 * Reads [scheme://][user[:password]@]host[:port][/...]. Letters, digits and "-._" make a host, or an IPv6
 * address in brackets.
 */
void peers_address_read(const char *url, peers_address *address);

#endif
