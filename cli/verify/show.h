/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_SHOW_H
#define CLI_VERIFY_SHOW_H

#include "cli/verify/audit.h"

/**
 * Shows an audit on standard output: for people, as JSON, or with tabs where no terminal is; and what it was
 * checked against. `claimed` says that the root is what a file says. CLI_OK when all peers are proven, CLI_NO
 * having said who is not, or CLI_OUTPUT.
 */
int cli_audit_show(const cli_run *run, const cli_audit *audit, bool claimed);

/** Where an audit's root came from, as part of a sentence: "as given". */
const char *cli_audit_source_text(cli_audit_source source);

#endif
