/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_COLLECT_H
#define CLI_VERIFY_COLLECT_H

#include "cli/verify/audit.h"
#include "cluster/sdk.h"

/** The contract's kmsRootAddress as a node says. */
int cli_contract_root(dstack_p2p *sdk, uint8_t root20[static 20], base_error *error);

/**
 * Reads the list, whoever is in it, and looks for the evidence of all, for as long as that gets further;
 * then judges. The audit's KMS root and its source are given. The handle must not check peers itself. To be
 * freed also after a failure.
 */
int cli_audit_collect(const cli_run *run, dstack_p2p *sdk, cli_audit *audit, base_error *error);

#endif
