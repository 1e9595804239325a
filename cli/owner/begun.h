/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_BEGUN_H
#define CLI_OWNER_BEGUN_H

#include "cli/owner/account.h"
#include "cli/owner/plan.h"

/**
 * What a contract that was begun has already of a plan. 0; or a status, having said so, also when it belongs
 * to another account than `from20` or trusts another root than the plan's: then it is not the one that was
 * begun. The contract becomes the handle's.
 */
int owner_look_at_begun(const cli_run *run, dstack_p2p *sdk, const uint8_t contract20[static 20],
                        const uint8_t from20[static 20], const owner_plan *plan, owner_progress *progress);

#endif
