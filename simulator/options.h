/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "instances.h"

#include <stdbool.h>
#include <stddef.h>

/** The command line. Texts are borrowed from it. */
typedef struct sim_options {
    const char *dir;
    const char *listen;  /**< HOST:PORT, or NULL: unix sockets only */
    const char *appkeys; /**< file, or NULL: the public keys */
    sim_app app;
    const char *names[SIM_INSTANCES_MAX];
    size_t name_count;
    bool allow_remote, help, version;
} sim_options;

/** False when it makes no sense: a sentence on stderr says why. */
bool sim_options_parse(sim_options *options, int count, char **arguments);

/** What --help writes. */
extern const char sim_options_help[];

#endif
