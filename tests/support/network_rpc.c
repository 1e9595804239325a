/* SPDX-License-Identifier: MIT */
#include "support/network_node.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NOT_FOUND = -32601, FAILED = -32000, LIMITED = -32005 };

static json_t *refuse(int code, const char *message, json_t **error)
{
    *error = json_pack("{siss}", "code", code, "message", message);
    return NULL;
}

uint64_t network_head(const network_node *node)
{
    uint64_t lag = node->other ? node->faults.other_lag : node->faults.lag;
    uint64_t head = node->network->chain.head;
    return head > lag ? head - lag : 0;
}

/* The block that a tag or a number means, if the node knows it. */
static const chain_block *find_block(const network_node *node, const json_t *tag)
{
    const char *text = json_string_value(tag);
    uint64_t head = network_head(node), number = head;
    if (!text) return NULL;
    if (!strcmp(text, "safe")) number = head > CHAIN_SAFE ? head - CHAIN_SAFE : 0;
    if (!strcmp(text, "finalized")) number = head > CHAIN_FINALIZED ? head - CHAIN_FINALIZED : 0;
    if (!strncmp(text, "0x", 2)) number = strtoull(text, NULL, 16);
    return number > head ? NULL : fake_chain_at(&node->network->chain, number);
}

static json_t *get_block(const network_node *node, const json_t *params)
{
    const chain_block *block = find_block(node, json_array_get(params, 0));
    return block ? chain_json_block(block) : json_null();
}

static json_t *call(const network_node *node, const json_t *params, json_t **error)
{
    const json_t *object = json_array_get(params, 0);
    const char *to = json_string_value(json_object_get(object, "to"));
    const char *data = json_string_value(json_object_get(object, "data"));
    const chain_block *block = find_block(node, json_array_get(params, 1));
    uint64_t most = node->faults.page_max;
    if (!block) return refuse(FAILED, "header not found", error);
    if (!to || !data || strcasecmp(to, CHAIN_CONTRACT) != 0) return json_string("0x");
    if (most && chain_json_limit(data) > most) return refuse(FAILED, "out of gas", error);
    json_t *value = chain_json_view(block, data, node->faults.hidden);
    return value ? value : refuse(3, "execution reverted", error);
}

static json_t *get_logs(const network_node *node, const json_t *params, json_t **error)
{
    const json_t *filter = json_array_get(params, 0);
    const chain_block *from = find_block(node, json_object_get(filter, "fromBlock"));
    const chain_block *to = find_block(node, json_object_get(filter, "toBlock"));
    uint64_t most = node->faults.range_max;
    if (!from || !to || from->number > to->number) return refuse(FAILED, "block range is invalid", error);
    if (most && to->number - from->number >= most)
        return refuse(LIMITED, "query exceeds max block range", error);
    json_t *logs = json_array();
    for (uint64_t number = from->number; number <= to->number; number++) {
        const chain_block *block = fake_chain_at(&node->network->chain, number);
        if (block) chain_json_filter(block, filter, logs);
    }
    return logs;
}

static json_t *run(const network_node *node, const char *method, const json_t *params, json_t **error)
{
    if (!strcmp(method, "eth_chainId")) return chain_json_quantity(NETWORK_CHAIN_ID);
    if (!strcmp(method, "eth_getBlockByNumber")) return get_block(node, params);
    if (!strcmp(method, "eth_blockNumber")) return chain_json_quantity(network_head(node));
    if (!strcmp(method, "eth_call")) return call(node, params, error);
    if (!strcmp(method, "eth_getLogs")) return get_logs(node, params, error);
    return refuse(NOT_FOUND, "the method does not exist", error);
}

static void count_request(fake_network *network)
{
    network->requests++;
    if (network->ambush_in && --network->ambush_in == 0) network->ambush(network->context);
}

json_t *network_answer(network_node *node, const json_t *request)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    json_t *error = NULL, *result = NULL;
    if (!method) network_give_up("a request without a method", "");
    count_request(node->network);
    if (node->faults.trouble == NETWORK_LIMITED)
        refuse(LIMITED, "limit exceeded", &error);
    else
        result = run(node, method, json_object_get(request, "params"), &error);
    json_t *answer = json_pack("{sssO}", "jsonrpc", "2.0", "id", json_object_get(request, "id"));
    json_object_set_new(answer, error ? "error" : "result", error ? error : result);
    return answer;
}
