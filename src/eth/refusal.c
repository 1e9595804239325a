/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* strcasestr */
#include "eth/refusal.h"

#include <string.h>

enum { RATE_LIMIT = 429, LIMIT_EXCEEDED = -32005, RESOURCE_NOT_FOUND = -32001, REVERTED = 3 };

/* Too often, not too much: fewer peers at a time make more requests. */
static const char *const too_often[] = {"rate limit",    "rate-limit", "ratelimit", "too many requests",
                                        "request count", "per second", "quota",     "credits",
                                        "compute units", "throttl",    NULL};

/* geth, erigon, reth, anvil, besu, nethermind, and the gateways in front of them. */
static const char *const no_state[] = {"header not found",
                                       "block not found",
                                       "could not find block",
                                       "unknown block",
                                       "blockoutofrange",
                                       "header for hash not found",
                                       "not canonical",
                                       "not currently canonical",
                                       "missing trie node",
                                       "state not available",
                                       "state is not available",
                                       "state unavailable",
                                       "no state available",
                                       "historical state",
                                       "recent blocks",
                                       "beyond current head",
                                       "beyond head",
                                       "pruned",
                                       "pruning",
                                       "archive",
                                       NULL};

static const char *const too_much[] = {"gas",
                                       "oog",
                                       "timeout",
                                       "timed out",
                                       "time out",
                                       "took too long",
                                       "deadline",
                                       "execution aborted",
                                       "too large",
                                       "too big",
                                       "too long",
                                       "size",
                                       "memory",
                                       "too many results",
                                       "too many logs",
                                       "too many blocks",
                                       "returned more than",
                                       "max results",
                                       "block range",
                                       "blocks range",
                                       "block distance",
                                       "blocks distance",
                                       "ranges over",
                                       "range over",
                                       "range is",
                                       "max range",
                                       "maximum range",
                                       "limited to",
                                       NULL};

static bool says(const char *message, const char *const *words)
{
    for (; *words; words++)
        if (strcasestr(message, *words)) return true;
    return false;
}

eth_refusal eth_request_refusal(const eth_request *request)
{
    const char *message = request->error_message;
    int64_t code = request->error_code;
    if (!request->has_error) return ETH_NOT_REFUSED;
    if (code == RATE_LIMIT || says(message, too_often)) return ETH_REFUSED;
    if (code == RESOURCE_NOT_FOUND || says(message, no_state)) return ETH_NO_STATE;
    if (says(message, too_much)) return ETH_TOO_MUCH;
    bool reverted = code == REVERTED || strcasestr(message, "revert");
    return reverted && !request->error_data.len ? ETH_BARE_REVERT : ETH_REFUSED;
}

bool eth_request_is_limited(const eth_request *request)
{
    const char *message = request->error_message;
    if (!request->has_error) return false;
    if (request->error_code == RATE_LIMIT) return true;
    if (request->error_code != LIMIT_EXCEEDED) return false;
    return says(message, too_often) ||
           (!says(message, too_much) && strcmp(request->method, "eth_getLogs") != 0);
}
