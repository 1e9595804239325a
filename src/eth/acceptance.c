/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* strcasestr */
#include "eth/acceptance.h"

#include <string.h>

/* EIP-7966: not mined in the node's time; in the pool and not ready. */
enum { UNKNOWN_METHOD = -32601, NOT_MINED = 4, NOT_READY = 5 };

/* The words are geth's, Besu's, Nethermind's, Erigon's and anvil's. */
static bool says(const eth_request *request, const char *const *words)
{
    for (; *words; words++)
        if (strcasestr(request->error_message, *words)) return true;
    return false;
}

static bool is_unknown_method(const eth_request *request)
{
    static const char *const missing[] = {"not found",     "not supported", "unsupported", "does not exist",
                                          "not available", "not allowed",   NULL};
    return request->error_code == UNKNOWN_METHOD ||
           (strcasestr(request->error_message, "method") && says(request, missing));
}

static bool is_taken(const eth_request *request)
{
    static const char *const known[] = {"already known",
                                        "alreadyknown",
                                        "already imported",
                                        "known transaction",
                                        "timeout",
                                        "timed out",
                                        NULL};
    return request->error_code == NOT_MINED || request->error_code == NOT_READY || says(request, known);
}

eth_acceptance eth_request_acceptance(const eth_request *request)
{
    static const char *const replaces[] = {"replacement", "replaced", NULL};
    static const char *const nonce[] = {"nonce too low", "nonce is too low", "oldnonce", NULL};
    static const char *const funds[] = {"insufficient funds", "insufficient balance", NULL};
    if (!request->has_error) return ETH_TX_TAKEN;
    if (is_unknown_method(request)) return ETH_TX_UNKNOWN_METHOD;
    if (is_taken(request)) return ETH_TX_TAKEN;
    if (says(request, replaces)) return ETH_TX_REPLACES;
    if (says(request, nonce)) return ETH_TX_NONCE_USED;
    return says(request, funds) ? ETH_TX_NO_FUNDS : ETH_TX_REFUSED;
}
