/* SPDX-License-Identifier: MIT */
#include "cli/owner/root.h"

#include "cli/confirm.h"
#include "cli/owner/account.h"
#include "eth/key.h"

#include <string.h>

int owner_refuse_public_root(const cli_run *run, dstack_p2p *sdk, const owner_argument *root)
{
    uint8_t public20[20];
    uint64_t chain_id;
    if (!eth_address_parse(OWNER_DEVELOPMENT_ROOT, public20) || memcmp(root->bytes32, public20, 20) != 0)
        return 0;
    int status = owner_chain(run, sdk, &chain_id);
    if (status || chain_id == CLI_LOCAL_CHAIN) return status;
    return cli_misuse(run, "the KMS root is dstack's public development root: anyone can sign with it");
}
