/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_ROOT_H
#define CLI_OWNER_ROOT_H

#include "cli/owner/argument.h"

/** What dstack's public development simulator signs with: anyone can, so it is for local chains only. */
#define OWNER_DEVELOPMENT_ROOT "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"
#define OWNER_DEVELOPMENT_APP  "0x5bb4ff9a3837357f19dc176407a5709c62eb6c56"

/** Refuses the public development root elsewhere than on chain 31337. 0, or a status having said so. */
int owner_refuse_public_root(const cli_run *run, dstack_p2p *sdk, const owner_argument *root);

#endif
