/* SPDX-License-Identifier: MIT */
#ifndef CLI_MANUAL_PAGES_H
#define CLI_MANUAL_PAGES_H

#include "cli/command.h"

#include <stdio.h>

/** Of the manual, for the pages' heads: it is no build's date, for equal sources make equal pages. */
#define MANUAL_DATE "November 26, 2026"

/** dstack-p2p(1). The hand-written parts are files in `parts`. False, having said why, when one is missing.
 */
bool manual_main_page(FILE *out, const char *parts);

/** dstack-p2p-COMMAND(1), with dstack-p2p-COMMAND.part in `parts` if there is one. */
bool manual_command_page(FILE *out, const char *parts, const cli_command *command);

/** The completions. */
void manual_bash(FILE *out);
void manual_zsh(FILE *out);

#endif
