/* SPDX-License-Identifier: MIT */
#ifndef HELLO_OPTIONS_H
#define HELLO_OPTIONS_H

#include "dstack_p2p.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, EXIT_LISTEN = 3 };

/** Whether peers at private addresses are greeted; by default when we publish such an address ourselves. */
typedef enum hello_private_peers {
    PRIVATE_PEERS_AUTO,
    PRIVATE_PEERS_ALLOW,
    PRIVATE_PEERS_DENY
} hello_private_peers;

/** The command line. Strings are borrowed from argv and the environment; NULL means not given. */
typedef struct hello_options {
    const char *contract, *listen, *url, *gateway_domain;
    uint16_t port;
    uint32_t retry_s;
    bool verbose, withdraw, identity;
    hello_private_peers private_peers;
    dstack_p2p_options sdk;
} hello_options;

/** Reads the command line. Returns -1 to go on, else the exit status (help, version, misuse). */
int options_parse(hello_options *out, int argc, char **argv);

#endif
