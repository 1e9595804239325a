/* SPDX-License-Identifier: MIT */
#include "support/network_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void network_give_up(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

/* ---- HTTP ---- */

static char *answer_all(network_node *node, const json_t *request)
{
    size_t i;
    const json_t *one;
    json_t *answers = json_array();
    json_array_foreach(request, i, one) json_array_append_new(answers, network_answer(node, one));
    if (!json_is_array(request)) {
        json_decref(answers);
        answers = network_answer(node, request);
    }
    char *text = json_dumps(answers, JSON_COMPACT);
    json_decref(answers);
    return text;
}

/* A node's member keeps answering through the requests that a refused batch is split into. */
static void choose_member(network_node *node, const char *body)
{
    bool begins = strstr(body, "\"eth_chainId\"");
    if (begins) node->other = node->faults.other_lag && !node->other;
}

static network_trouble choose_trouble(network_node *node)
{
    unsigned every = node->faults.every ? node->faults.every : 1;
    return ++node->exchanges % every ? NETWORK_WELL : node->faults.trouble;
}

static void deliver(network_trouble trouble, const char *good, fake_reply *reply)
{
    switch (trouble) {
    case NETWORK_CUT:
        fake_send_half(reply, good);
        break;
    case NETWORK_CLOSES:
        fake_close(reply);
        break;
    case NETWORK_429:
        fake_send_as(reply, 429, "text/plain", "Retry-After: 1\r\n", "slow down");
        break;
    case NETWORK_500:
        fake_send_as(reply, 500, "text/html", "", "<html>Internal Server Error</html>");
        break;
    case NETWORK_GARBAGE:
        fake_send(reply, 200, "[{\"jsonrpc\":");
        break;
    default:
        fake_send(reply, 200, good);
    }
}

static void serve_http(network_node *node, const fake_request *request, fake_reply *reply)
{
    static const char refusal[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":"
                                  "\"batches are not supported\"}}";
    json_t *json = json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
    if (!json) network_give_up("a request that is no JSON", request->body);
    pthread_mutex_lock(&node->network->lock);
    choose_member(node, request->body);
    network_trouble trouble = choose_trouble(node);
    unsigned delay_ms = node->faults.delay_ms;
    bool refused = node->faults.refuses_batches && json_is_array(json);
    char *good = refused ? strdup(refusal) : answer_all(node, json);
    pthread_mutex_unlock(&node->network->lock);
    if (!delay_ms || fake_delay(reply, delay_ms)) deliver(trouble, good, reply);
    free(good);
    json_decref(json);
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    if (fake_websocket_is_asked(request))
        network_serve_socket(context, request, reply);
    else
        serve_http(context, request, reply);
}

/* ---- The network ---- */

fake_network *fake_network_start(size_t nodes, uint64_t salt)
{
    fake_network *network = calloc(1, sizeof *network);
    if (!network || nodes > NETWORK_NODES) abort();
    pthread_mutex_init(&network->lock, NULL);
    fake_chain_init(&network->chain, salt);
    network->count = nodes;
    for (size_t i = 0; i < nodes; i++) {
        network->nodes[i].network = network;
        network->nodes[i].dice = salt + i;
        network->nodes[i].server = fake_server_tcp(handle, &network->nodes[i]);
    }
    return network;
}

void fake_network_stop(fake_network *network)
{
    if (!network) return;
    for (size_t i = 0; i < network->count; i++)
        fake_server_stop(network->nodes[i].server);
    pthread_mutex_destroy(&network->lock);
    free(network);
}

const char *fake_network_url(const fake_network *network, size_t node)
{
    return fake_server_endpoint(network->nodes[node].server);
}

fake_chain *fake_network_lock(fake_network *network)
{
    pthread_mutex_lock(&network->lock);
    return &network->chain;
}

void fake_network_unlock(fake_network *network)
{
    pthread_mutex_unlock(&network->lock);
}

fake_chain *fake_network_chain(fake_network *network)
{
    return &network->chain;
}

network_faults *fake_network_faults(fake_network *network, size_t node)
{
    return &network->nodes[node].faults;
}

void fake_network_announce(fake_network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        if (network->nodes[i].faults.no_sockets) fake_network_drop(network, i);
        network_announce(&network->nodes[i]);
    }
}

size_t fake_network_drop(fake_network *network, size_t node)
{
    size_t count = 0;
    for (network_socket *socket = network->nodes[node].sockets; socket; socket = socket->next, count++)
        fake_websocket_drop(socket->socket);
    network->nodes[node].sockets = NULL;
    return count;
}

void fake_network_lay(fake_network *network, unsigned count, fake_ambush ambush, void *context)
{
    network->ambush_in = count;
    network->ambush = ambush;
    network->context = context;
}

bool fake_network_lift(fake_network *network)
{
    bool was_laid = network->ambush_in;
    network->ambush_in = 0;
    return was_laid;
}

void fake_network_forget(fake_network *network, uint64_t salt)
{
    fake_chain_init(&network->chain, salt);
    for (size_t i = 0; i < network->count; i++)
        network->nodes[i].announced = 0;
}

uint64_t fake_network_requests(const fake_network *network)
{
    return network->requests;
}

size_t fake_network_sockets(const fake_network *network)
{
    return network->sockets;
}
