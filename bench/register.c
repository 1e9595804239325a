/* SPDX-License-Identifier: MIT */
/*
 * Registers once and prints what it took:   bench_register CONTRACT URL
 * On standard output: the call's round trips to the node and, for comparison with other tools, nothing else.
 */
#include "cluster/sdk.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_register CONTRACT URL\n");
        return 2;
    }
    dstack_p2p *sdk = dstack_p2p_new(argv[1], argv[2]);
    int code = dstack_p2p_register(sdk);
    if (code)
        fprintf(stderr, "%s\n", dstack_p2p_errmsg(sdk));
    else
        printf("%llu\n", (unsigned long long)eth_rpc_round_trips(sdk->rpc));
    dstack_p2p_free(sdk);
    return code;
}
