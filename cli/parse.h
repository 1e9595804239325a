/* SPDX-License-Identifier: MIT */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "cli/run.h"

/** What is to be done after the command line was read, when it is not an exit status. */
enum { CLI_GO = -1, CLI_HELP = -2 };

/**
 * Reads a command's own command line, argv[0] being its name. CLI_GO, CLI_HELP when help was asked for, or
 * CLI_USAGE having said what is wrong.
 */
int cli_parse(cli_run *run, const cli_command *command, int argc, char **argv);

#endif
