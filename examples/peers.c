/* SPDX-License-Identifier: MIT */
/* Registers this node and prints its peers' URLs:   peers [CONTRACT [URL]] */
#include <dstack_p2p.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    dstack_p2p *sdk = dstack_p2p_new(argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
    dstack_p2p_peers *peers = NULL;
    if (dstack_p2p_register(sdk) == DSTACK_P2P_OK) peers = dstack_p2p_get_peers(sdk);
    if (!peers) fprintf(stderr, "%s\n", dstack_p2p_errmsg(sdk));

    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        if (!dstack_p2p_peers_at(peers, i)->is_self) puts(dstack_p2p_peers_at(peers, i)->connection_url);

    int code = dstack_p2p_errcode(sdk);
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(sdk);
    return code;
}
