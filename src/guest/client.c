/* SPDX-License-Identifier: MIT */
#include "guest/client.h"

#include "guest/endpoint.h"
#include "net/client.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 1024 * 1024, /* Info carries an event log and the app's compose file */
    CONNECT_MS = 3000,
    TOTAL_MS = 10000,
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 2000
};

struct guest_client {
    guest_config config;
    guest_endpoint endpoint;
    net_client *net;
};

guest_client *guest_client_new(const guest_config *config)
{
    guest_client *client = calloc(1, sizeof *client);
    if (client) client->config = *config;
    return client;
}

void guest_client_free(guest_client *client)
{
    if (!client) return;
    net_client_free(client->net);
    free(client);
}

/* Not kept after a failure: the agent may come up at another of the usual places. */
static int connect_net(guest_client *client, base_error *error)
{
    if (client->net) return 0;
    if (guest_endpoint_parse(client->config.endpoint, &client->endpoint, error)) return error->code;
    const guest_endpoint *end = &client->endpoint;
    net_client_config net = {.url = end->url,
                             .unix_path = end->unix_path[0] ? end->unix_path : NULL,
                             .connect_ms = CONNECT_MS,
                             .total_ms = TOTAL_MS,
                             .max_body = ANSWER_MAX,
                             .cancel_fd = client->config.cancel_fd,
                             .secret = true};
    client->net = net_client_new(&net);
    return client->net ? 0 : base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
}

static int net_failure(guest_client *client, net_result result, const char *reason, base_error *error)
{
    const char *shown = client->endpoint.shown;
    switch (result) {
    case NET_CUT:
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                         "the answer of the guest agent at %s is not whole (%s)", shown, reason);
    case NET_TOO_LARGE:
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                         "the answer of the guest agent at %s is larger than %d KiB", shown,
                         ANSWER_MAX / 1024);
    case NET_CANCELLED:
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while asking the guest agent");
    case NET_NO_MEMORY:
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while asking the guest agent");
    default:
        return base_fail(error, DSTACK_P2P_ERR_GUEST_UNREACHABLE,
                         "cannot reach the guest agent at %s: %s; outside a dstack VM start dstack-simulator "
                         "or set DSTACK_SIMULATOR_ENDPOINT",
                         shown, reason);
    }
}

static int refusal(const char *path, const net_reply *reply, base_error *error)
{
    char sentence[256];
    guest_read_refusal(reply->body.data, reply->body.len, sentence, sizeof sentence);
    return base_fail(error, DSTACK_P2P_ERR_GUEST_REFUSED, "the guest agent refused %s: %s (HTTP %ld)",
                     path + 1, sentence[0] ? sentence : "no reason given", reply->status);
}

static int post_once(guest_client *client, const char *path, const char *body, net_reply *reply,
                     base_error *error)
{
    char reason[256] = "";
    *reply = (net_reply){0};
    if (connect_net(client, error)) return error->code;
    net_result result = net_client_post(client->net, path, body, strlen(body), reply, reason, sizeof reason);
    if (result) {
        net_failure(client, result, reason, error);
        net_client_free(client->net);
        client->net = NULL;
    } else if (reply->status != 200) {
        refusal(path, reply, error);
    }
    if (error->code) base_buf_free(&reply->body);
    return error->code;
}

static int post(guest_client *client, const char *path, const char *body, net_reply *reply, base_error *error)
{
    const guest_config *config = &client->config;
    uint64_t start = base_now_ms(config->clock), backoff = BACKOFF_MIN_MS;
    for (;;) {
        base_error problem = {0};
        if (!post_once(client, path, body, reply, &problem)) return 0;
        uint64_t waited = base_now_ms(config->clock) - start;
        if (problem.code != DSTACK_P2P_ERR_GUEST_UNREACHABLE || config->wait_ms == DSTACK_P2P_NO_WAIT ||
            waited >= config->wait_ms)
            return base_fail(error, problem.code, "%s", problem.text);
        if (backoff == BACKOFF_MIN_MS)
            base_log_write(config->log, DSTACK_P2P_LOG_WARNING, "waiting for the guest agent: %s",
                           problem.text);
        uint64_t left = config->wait_ms - waited;
        if (base_wait(config->clock, config->cancel_fd, backoff < left ? backoff : left))
            return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for the guest agent");
        backoff = backoff * 2 < BACKOFF_MAX_MS ? backoff * 2 : BACKOFF_MAX_MS;
    }
}

int guest_client_info(guest_client *client, guest_info *info, base_error *error)
{
    net_reply reply;
    if (post(client, "/Info", "{}", &reply, error)) return error->code;
    int code = guest_read_info(reply.body.data, reply.body.len, info, error);
    base_buf_free(&reply.body);
    return code;
}

int guest_client_get_key(guest_client *client, const char *path, const char *purpose, guest_key *key,
                         base_error *error)
{
    net_reply reply;
    json_t *request = json_pack("{ssssss}", "path", path, "purpose", purpose, "algorithm", "secp256k1");
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    if (!body) return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    if (!post(client, "/GetKey", body, &reply, error)) {
        guest_read_key(reply.body.data, reply.body.len, key, error);
        base_buf_free(&reply.body);
    }
    free(body);
    return error->code;
}
