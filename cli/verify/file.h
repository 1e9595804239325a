/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_FILE_H
#define CLI_VERIFY_FILE_H

#include "cli/verify/audit.h"

enum { CLI_AUDIT_FILE_MAX = 64 * 1024 * 1024 };

/** Writes an audit to a file, all of it or nothing. CLI_OK, CLI_OUTPUT or NO_MEMORY, having said why. */
int cli_audit_save(const cli_run *run, const cli_audit *audit, const char *path);

/** Reads one. CLI_OK, CLI_USAGE or NO_MEMORY, having said why. To be freed also then. */
int cli_audit_load(const cli_run *run, const char *path, cli_audit *audit);

#endif
