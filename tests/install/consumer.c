/* SPDX-License-Identifier: MIT */
/* A user's program: the three lines, and what belongs around them. */
#include <dstack_p2p.h>

#include <stdio.h>

int main(void)
{
    dstack_p2p *sdk = dstack_p2p_new(NULL, "http://localhost:8080");
    if (!sdk) return 1;
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    if (!peers)
        fprintf(stderr, "%s: %s\n", dstack_p2p_code_name(dstack_p2p_errcode(sdk)), dstack_p2p_errmsg(sdk));
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(sdk);
    return peers ? 0 : 1;
}
