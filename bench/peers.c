/* SPDX-License-Identifier: MIT */
/* Reads the peers and prints their URLs:   bench_peers CONTRACT
 * As the node says: what is read was put there without registrations, and has no evidence. */
#include <dstack_p2p.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const dstack_p2p_options options = {.evidence = DSTACK_P2P_EVIDENCE_OFF};
    dstack_p2p *sdk = dstack_p2p_new_with_options(argc > 1 ? argv[1] : NULL, NULL, &options);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    if (!peers) fprintf(stderr, "%s\n", dstack_p2p_errmsg(sdk));
    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        puts(dstack_p2p_peers_at(peers, i)->connection_url);
    int code = dstack_p2p_errcode(sdk);
    dstack_p2p_peers_free(peers);
    dstack_p2p_free(sdk);
    return code;
}
