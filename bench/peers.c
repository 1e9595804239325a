/* SPDX-License-Identifier: MIT */
/* Reads the peers and prints their URLs:   bench_peers CONTRACT */
#include <dstack_p2p.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    dstack_p2p *sdk = dstack_p2p_new(argc > 1 ? argv[1] : NULL, NULL);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    if (!peers) fprintf(stderr, "%s\n", dstack_p2p_errmsg(sdk));
    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        puts(dstack_p2p_peers_at(peers, i)->connection_url);
    int code = dstack_p2p_errcode(sdk);
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(sdk);
    return code;
}
