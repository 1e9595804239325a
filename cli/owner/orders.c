/* SPDX-License-Identifier: MIT */
#include "cli/owner/orders.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED_MAX = 4 };

owner_orders *owner_orders_new(const cli_run *run)
{
    owner_orders *it = calloc(1, sizeof *it);
    if (!it) cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; it && i < CLUSTER_ORDERS_MAX; i++)
        it->data[i] = base_buf_make(CLUSTER_ORDER_DATA_MAX);
    return it;
}

void owner_orders_free(owner_orders *it)
{
    for (size_t i = 0; it && i < it->count; i++)
        base_buf_free(&it->data[i]);
    free(it);
}

cluster_order *owner_orders_add(owner_orders *it, const uint8_t to20[static 20], const char *what, ...)
{
    va_list arguments;
    if (it->count == CLUSTER_ORDERS_MAX) {
        it->overflow = true;
        return NULL;
    }
    size_t at = it->count++;
    va_start(arguments, what);
    vsnprintf(it->what[at], OWNER_WHAT, what, arguments);
    va_end(arguments);
    it->orders[at] = (cluster_order){.what = it->what[at]};
    memcpy(it->orders[at].to20, to20, 20);
    return &it->orders[at];
}

base_buf *owner_orders_data(owner_orders *it)
{
    it->orders[it->count - 1].data = &it->data[it->count - 1];
    return &it->data[it->count - 1];
}

cluster_order *owner_orders_call(owner_orders *it, const uint8_t contract20[static 20], const char *function,
                                 const char *text, uint32_t selector, const eth_abi_arg *args, size_t count)
{
    cluster_order *order = owner_orders_add(it, contract20, "%s(%s)", function, text ? text : "");
    if (order) eth_abi_encode_call(owner_orders_data(it), selector, args, count);
    return order;
}

int owner_orders_spend(const cli_run *run, dstack_p2p *sdk, const char *intent, owner_orders *it, bool *sent)
{
    *sent = false;
    if (it->overflow)
        return cli_fail(run, CLI_USAGE, "more than %d transactions at once: do it in parts",
                        CLUSTER_ORDERS_MAX);
    return cli_spend(run, sdk, intent, it->orders, it->count, &it->receipts, sent);
}

json_t *owner_nothing_json(const cli_run *run, json_t *more)
{
    json_t *view = more ? more : json_object();
    if (cli_has(run, "dry-run")) json_object_set_new(view, "dry_run", json_true());
    json_object_set_new(view, "transactions", json_array());
    return view;
}

static int nothing_to_do(const cli_run *run, json_t *more)
{
    if (run->json) return cli_print_json(run, owner_nothing_json(run, more));
    json_decref(more);
    cli_note(run, "nothing is to be done");
    return CLI_OK;
}

int owner_orders_send(const cli_run *run, dstack_p2p *sdk, const char *intent, owner_orders *it, json_t *more)
{
    bool sent;
    if (!it->count) return nothing_to_do(run, more);
    int status = owner_orders_spend(run, sdk, intent, it, &sent);
    if (sent) return cli_report(run, it->orders, it->count, &it->receipts, more);
    json_decref(more);
    return status;
}

void owner_enumerate(char *const *texts, size_t count, char *out, size_t size)
{
    size_t named = count <= NAMED_MAX ? count : NAMED_MAX - 1, len = 0;
    *out = '\0';
    for (size_t i = 0; i < named && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%.128s", i ? ", " : "", texts[i]);
    if (named < count && len < size) snprintf(out + len, size - len, " and %zu more", count - named);
}
