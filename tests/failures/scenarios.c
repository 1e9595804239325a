/* SPDX-License-Identifier: MIT */
#include "failures/scenarios.h"

#include <stdio.h>
#include <string.h>

enum { CODES = 64 };
static size_t failed_with[CODES];

void scenario_print_codes(void)
{
    for (int code = 0; code < CODES; code++)
        if (failed_with[code]) printf("   %s: %zu\n", dstack_p2p_code_name(code), failed_with[code]);
}

/*
 * Other libraries do not always tell what they lacked: to jansson's lexer a text that it has no memory for is
 * an invalid token, and a node that curl has no socket for cannot be reached.
 */
static bool fits(int code)
{
    static const int codes[] = {DSTACK_P2P_ERR_NO_MEMORY,         DSTACK_P2P_ERR_SYSTEM,
                                DSTACK_P2P_ERR_RPC_UNREACHABLE,   DSTACK_P2P_ERR_RPC_ANSWER,
                                DSTACK_P2P_ERR_GUEST_UNREACHABLE, DSTACK_P2P_ERR_GUEST_ANSWER,
                                DSTACK_P2P_ERR_UNCONFIRMED};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code) return true;
    return false;
}

void scenario_check_failure(const dstack_p2p *sdk, int code)
{
    REQUIRE(fits(code) && code == dstack_p2p_errcode(sdk), "failed with %s: %s", dstack_p2p_code_name(code),
            dstack_p2p_errmsg(sdk));
    REQUIRE(strlen(dstack_p2p_errmsg(sdk)) >= 10, "%s says only '%s'", dstack_p2p_code_name(code),
            dstack_p2p_errmsg(sdk));
    failed_with[code]++;
}

dstack_p2p *scenario_open(world *w, bool *broken)
{
    dstack_p2p *sdk = world_open(w);
    int code = sdk ? dstack_p2p_errcode(sdk) : 0;
    *broken = !sdk || code;
    REQUIRE(code != DSTACK_P2P_ERR_NO_MEMORY, "a handle that lacks memory");
    if (code) scenario_check_failure(sdk, code);
    return sdk;
}

dstack_p2p *scenario_open_again(world *w, dstack_p2p *sdk, bool broken)
{
    if (!broken) return sdk;
    dstack_p2p_free(sdk);
    return world_open(w);
}

bool scenario_register(world *w, refusal refused)
{
    bool broken;
    inject_arm(refused.kind, refused.nth, refused.all);
    dstack_p2p *sdk = scenario_open(w, &broken);
    int code = sdk ? dstack_p2p_register(sdk) : DSTACK_P2P_ERR_NO_MEMORY;
    bool happened = inject_disarm();
    REQUIRE(!code || happened, "with nothing refused: %s", sdk ? dstack_p2p_errmsg(sdk) : "no handle");
    if (code && sdk) scenario_check_failure(sdk, code);
    sdk = scenario_open_again(w, sdk, broken);
    code = dstack_p2p_register(sdk);
    REQUIRE(!code, "the next call: %s", dstack_p2p_errmsg(sdk));
    REQUIRE(world_taken(w) == 1, "%u transactions were mined", world_taken(w));
    dstack_p2p_free(sdk);
    return happened;
}

static void check_list(dstack_p2p *sdk, dstack_p2p_peers *list)
{
    REQUIRE(list, "the next call: %s", dstack_p2p_errmsg(sdk));
    REQUIRE(dstack_p2p_peers_count(list) == 1, "the list has %zu peers", dstack_p2p_peers_count(list));
    REQUIRE(!strcmp(dstack_p2p_peers_at(list, 0)->connection_url, "http://a"), "the list has another peer");
    dstack_p2p_peers_free(list);
}

bool scenario_peers(world *w, refusal refused)
{
    bool broken;
    inject_arm(refused.kind, refused.nth, refused.all);
    dstack_p2p *sdk = scenario_open(w, &broken);
    dstack_p2p_peers *list = sdk ? dstack_p2p_get_peers(sdk) : NULL;
    int code = sdk ? dstack_p2p_errcode(sdk) : DSTACK_P2P_ERR_NO_MEMORY;
    bool happened = inject_disarm();
    REQUIRE(list || happened, "with nothing refused: %s", sdk ? dstack_p2p_errmsg(sdk) : "no handle");
    if (list) check_list(sdk, list);
    if (sdk && !list) scenario_check_failure(sdk, code);
    sdk = scenario_open_again(w, sdk, broken);
    check_list(sdk, dstack_p2p_get_peers(sdk));
    dstack_p2p_free(sdk);
    return happened;
}
