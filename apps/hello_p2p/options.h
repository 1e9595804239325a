/* SPDX-License-Identifier: MIT */
#ifndef HELLO_OPTIONS_H
#define HELLO_OPTIONS_H

#include "dstack_p2p.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_USAGE = 2, EXIT_LISTEN = 3 };

/** The command line. Strings are borrowed from argv and the environment; NULL means not given. */
typedef struct hello_options {
    const char *contract, *listen, *url, *gateway_domain;
    uint16_t port;
    uint32_t retry_s;
    bool verbose, withdraw, identity;
    dstack_p2p_options sdk;
} hello_options;

/** Reads the command line. Returns -1 to go on, else the exit status (help, version, misuse). */
int options_parse(hello_options *out, int argc, char **argv);

#endif
