/* SPDX-License-Identifier: MIT */
#ifndef CLI_AMOUNTS_H
#define CLI_AMOUNTS_H

#include "cli/run.h"
#include "eth/wei.h"

/*
 * Amounts on the command line: a decimal number with its unit, "0.05ether", "30gwei", "100wei"; without one
 * it is ether. No signs, no exponents, no spaces but before the unit.
 */

/** False when it is none, has more decimals than the unit has, or does not fit. */
bool cli_amount_parse(const char *text, eth_wei *out);

/** The amount of an option; `*out` keeps what it holds when it was not given. 0, or CLI_USAGE having said so.
 */
int cli_amount(const cli_run *run, const char *name, eth_wei *out);

/** Writes it as a decimal number of wei. */
enum { CLI_WEI_TEXT = 41 };
void cli_wei_text(eth_wei wei, char text[static CLI_WEI_TEXT]);

/** The same as a JSON string: programs must not lose digits. */
json_t *cli_wei_json(eth_wei wei);

#endif
