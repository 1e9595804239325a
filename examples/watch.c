/* SPDX-License-Identifier: MIT */
/* Prints the cluster's changes as they come, from an event loop of its own:   watch [CONTRACT]
 * Needs no guest agent: anybody may look. Ends when standard input is closed. */
#include <dstack_p2p.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void print(const dstack_p2p_peers *peers)
{
    printf("version %llu, %zu peers:", (unsigned long long)dstack_p2p_peers_version(peers),
           dstack_p2p_peers_count(peers));
    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        printf(" %s", dstack_p2p_peers_at(peers, i)->connection_url);
    putchar('\n');
    fflush(stdout);
}

static void watch(dstack_p2p *sdk)
{
    char byte;
    struct pollfd items[] = {{.fd = dstack_p2p_monitor_fd(sdk), .events = POLLIN},
                             {.fd = 0, .events = POLLIN}};
    while (poll(items, 2, -1) > 0) {
        if (items[0].revents) {
            dstack_p2p_peers *peers = dstack_p2p_monitor_peers(sdk);
            print(peers);
            dstack_p2p_peers_free(peers);
        }
        if (items[1].revents && read(0, &byte, 1) <= 0) return;
    }
}

int main(int argc, char **argv)
{
    dstack_p2p *sdk = dstack_p2p_new(argc > 1 ? argv[1] : NULL, NULL);
    if (dstack_p2p_monitor_start(sdk, NULL, NULL) == DSTACK_P2P_OK)
        watch(sdk);
    else
        fprintf(stderr, "%s\n", dstack_p2p_errmsg(sdk));
    int code = dstack_p2p_errcode(sdk);
    dstack_p2p_free(sdk);
    return code;
}
