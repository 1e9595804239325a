/* SPDX-License-Identifier: MIT */
#include "support/network_node.h"

#include <stdlib.h>
#include <string.h>

/* ---- Subscribing ---- */

static void add(network_socket *socket)
{
    socket->node->network->sockets++;
    socket->next = socket->node->sockets;
    socket->node->sockets = socket;
}

static void take_out(network_socket *socket)
{
    network_socket **at = &socket->node->sockets;
    while (*at && *at != socket)
        at = &(*at)->next;
    if (*at) *at = socket->next;
}

static json_t *subscribe(network_socket *socket, const json_t *request)
{
    const char *what = json_string_value(json_array_get(json_object_get(request, "params"), 0));
    bool heads = what && !strcmp(what, "newHeads");
    if (!socket->heads && !socket->logs) add(socket);
    *(heads ? &socket->heads : &socket->logs) = true;
    return json_pack("{sssOss}", "jsonrpc", "2.0", "id", json_object_get(request, "id"), "result",
                     heads ? "0xaa" : "0xbb");
}

static void send_json(fake_websocket *socket, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    fake_websocket_send(socket, text);
    free(text);
    json_decref(json);
}

static void on_text(void *context, fake_websocket *open, const char *text)
{
    network_socket *socket = context;
    json_t *request = json_loads(text, 0, NULL);
    const char *method = json_string_value(json_object_get(request, "method"));
    if (!method) network_give_up("a message that is no request", text);
    pthread_mutex_lock(&socket->node->network->lock);
    socket->socket = open;
    bool subscribes = !strcmp(method, "eth_subscribe");
    send_json(open, subscribes ? subscribe(socket, request) : network_answer(socket->node, request));
    pthread_mutex_unlock(&socket->node->network->lock);
    json_decref(request);
}

static void on_end(void *context, fake_websocket *open)
{
    network_socket *socket = context;
    (void)open;
    pthread_mutex_lock(&socket->node->network->lock);
    take_out(socket);
    pthread_mutex_unlock(&socket->node->network->lock);
}

void network_serve_socket(network_node *node, const fake_request *request, fake_reply *reply)
{
    network_socket socket = {.node = node};
    pthread_mutex_lock(&node->network->lock);
    bool refused = node->faults.no_sockets;
    pthread_mutex_unlock(&node->network->lock);
    if (refused)
        fake_send(reply, 404, "{}");
    else
        fake_websocket_serve(reply, request, on_text, on_end, &socket);
}

/* ---- Announcing ---- */

/* What is to be said, in order. Arrays of two: whether it is a head, and the thing. */
static void say(json_t *said, const network_node *node, bool is_head, json_t *what)
{
    bool skipped = is_head ? node->faults.skips_heads : node->faults.skips_logs;
    for (int times = skipped ? 0 : node->faults.repeats ? 2 : 1; times; times--)
        json_array_append_new(said, json_pack("[bO]", is_head, what));
    json_decref(what);
}

static void say_block(json_t *said, const network_node *node, const chain_block *block)
{
    say(said, node, true, chain_json_block(block));
    for (size_t i = 0; i < block->log_count; i++)
        say(said, node, false, chain_json_log(block, i, false));
}

static void say_removed(json_t *said, const network_node *node, const chain_block *block)
{
    for (size_t i = 0; i < block->log_count && !node->faults.keeps_removed; i++)
        say(said, node, false, chain_json_log(block, i, true));
}

/* All that happened between the block that was announced last and the newest one that the node knows. */
static json_t *collect(network_node *node)
{
    json_t *said = json_array();
    const fake_chain *chain = &node->network->chain;
    const chain_block *target = fake_chain_at(chain, network_head(node));
    const chain_block *last = fake_chain_block(chain, node->announced);
    while (last && last->number && !fake_chain_has(chain, last)) {
        say_removed(said, node, last);
        last = fake_chain_block(chain, last->parent);
    }
    uint64_t from = last ? last->number : target->number;
    for (uint64_t number = from + 1; number <= target->number; number++)
        say_block(said, node, fake_chain_at(chain, number));
    if (target->number >= from) node->announced = target->sequence;
    return said;
}

static void shuffle(network_node *node, json_t *said)
{
    for (size_t i = json_array_size(said); i > 1; i--) {
        node->dice = node->dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        json_t *one = json_incref(json_array_get(said, (node->dice >> 33) % i));
        json_t *last = json_incref(json_array_get(said, i - 1));
        json_array_set_new(said, (node->dice >> 33) % i, last);
        json_array_set_new(said, i - 1, one);
    }
}

static void tell(const network_socket *socket, const json_t *item)
{
    bool is_head = json_is_true(json_array_get(item, 0));
    if (!(is_head ? socket->heads : socket->logs)) return;
    send_json(socket->socket,
              json_pack("{sssss{sssO}}", "jsonrpc", "2.0", "method", "eth_subscription", "params",
                        "subscription", is_head ? "0xaa" : "0xbb", "result", json_array_get(item, 1)));
}

void network_announce(network_node *node)
{
    size_t i;
    const json_t *item;
    bool other = node->other;
    node->other = false;
    json_t *said = collect(node);
    if (node->faults.shuffles) shuffle(node, said);
    for (network_socket *socket = node->sockets; socket && !node->faults.mute; socket = socket->next) {
        json_array_foreach(said, i, item) tell(socket, item);
        if (node->faults.babbles) fake_websocket_send(socket->socket, "so what?");
    }
    json_decref(said);
    node->other = other;
}
