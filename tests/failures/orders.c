/* SPDX-License-Identifier: MIT */
#include "cluster/order.h"
#include "eth/key.h"
#include "failures/scenarios.h"

enum { ORDERS = 3 };

/* Asked about and carried out, in several requests. */
static int carry_out(dstack_p2p *sdk, base_error *error)
{
    cluster_quote quote;
    cluster_outcome outcomes[ORDERS];
    cluster_order orders[ORDERS];
    char call[] = "\x12\x34\x56\x78";
    const base_buf data = {.data = call, .len = 4};
    for (size_t i = 0; i < ORDERS; i++) {
        orders[i] = (cluster_order){.what = "setDevMode", .data = &data};
        eth_address_parse(FAKE_CONTRACT, orders[i].to20);
    }
    if (cluster_quote_orders(sdk, orders, ORDERS, NULL, &quote, error) ||
        cluster_send_orders(sdk, orders, ORDERS, &quote, outcomes, NULL, NULL, error))
        return error->code;
    for (size_t i = 0; i < ORDERS; i++)
        REQUIRE(outcomes[i].state == CLUSTER_ORDER_DONE, "order %zu is not done", i);
    return 0;
}

bool scenario_orders(world *w, refusal refused)
{
    base_error error = {0};
    inject_arm(refused.kind, refused.nth, refused.all);
    dstack_p2p *sdk = world_open_with_key(w);
    int code = sdk ? carry_out(sdk, &error) : DSTACK_P2P_ERR_NO_MEMORY;
    bool happened = inject_disarm();
    REQUIRE(!code || happened, "with nothing refused: %s", error.text);
    bool broken = !sdk || sdk->config_error.code;
    if (code && sdk) {
        sdk->error = error;
        scenario_check_failure(sdk, code);
    }
    if (broken) {
        dstack_p2p_free(sdk);
        sdk = world_open_with_key(w);
    }
    base_error_clear(&error);
    REQUIRE(!carry_out(sdk, &error), "the next call: %s", error.text);
    dstack_p2p_free(sdk);
    return happened;
}
