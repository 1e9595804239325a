/* SPDX-License-Identifier: MIT */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/** Prints the help of all, or of one command, to standard output. */
void cli_help(void);
void cli_help_command(const cli_command *command);

#endif
