/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "answer.h"
#include "methods.h"
#include "query.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_exchange {
    base_buf body;
    sim_answer answer;
};

/* Where a URL leads: the method, and the instance's name when there is one. */
typedef struct sim_route {
    char name[64];
    const char *method;
} sim_route;

sim_exchange *sim_exchange_new(void)
{
    sim_exchange *exchange = malloc(sizeof *exchange);
    if (!exchange) return NULL;
    *exchange = (sim_exchange){.body = base_buf_make(SIM_BODY_MAX), .answer = sim_answer_make()};
    return exchange;
}

void sim_exchange_take(sim_exchange *exchange, const char *data, size_t len)
{
    base_buf_append(&exchange->body, data, len);
}

/* "/<Method>" or "/i/<name>/<Method>"; false for anything else. */
static bool find_route(const char *url, sim_route *route)
{
    route->name[0] = '\0';
    if (strncmp(url, "/i/", 3) == 0) {
        size_t len = strcspn(url + 3, "/");
        if (len == 0 || url[3 + len] != '/') return false;
        /* One that is cut here is too long to be a name, and still is after that. */
        snprintf(route->name, sizeof route->name, "%.*s", (int)(len < 64 ? len : 63), url + 3);
        url += 3 + len;
    }
    route->method = url + 1;
    return *route->method && !strchr(route->method, '/');
}

static json_t *read_body(const sim_exchange *exchange, sim_answer *answer)
{
    const base_buf *body = &exchange->body;
    if (!base_buf_failed(body)) return sim_request_parse(body->data, body->len, answer);
    sim_answer_error(answer, 413, "the request's body has more than %d bytes", SIM_BODY_MAX);
    return NULL;
}

static json_t *read_fields(const sim_exchange *exchange, struct MHD_Connection *connection,
                           const char *method, sim_answer *answer)
{
    if (strcmp(method, "GET") == 0) return sim_query_parse(connection, answer);
    if (strcmp(method, "POST") == 0) return read_body(exchange, answer);
    sim_answer_error(answer, 405, "%.16s is not supported: use POST or GET", method);
    return NULL;
}

static const sim_instance *find_instance(const sim_http *http, const sim_instance *instance, const char *name,
                                         sim_answer *answer)
{
    base_error error = {0};
    if (*name) instance = sim_instances_get(http->instances, name, &error);
    if (error.code)
        sim_answer_error(answer, error.code == DSTACK_P2P_ERR_INVALID_ARGUMENT ? 400 : 500, "%s", error.text);
    return instance;
}

/* Last of all the instance: a request that fails brings nobody to life. */
static void call_method(const sim_http *http, const sim_instance *instance, const sim_route *route,
                        const json_t *fields, sim_answer *answer)
{
    sim_method method = sim_method_find(route->method);
    if (!method) {
        sim_answer_error(answer, 400, "there is no method %.64s", route->method);
        return;
    }
    instance = find_instance(http, instance, route->name, answer);
    if (instance) method(&(sim_call){http->keys, http->app, instance, fields}, answer);
}

static enum MHD_Result queue(struct MHD_Connection *connection, const sim_answer *answer)
{
    /* The exchange, and with it the body, outlives the response. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.len, answer->body.data, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (answer->status == 405) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, POST");
    enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

enum MHD_Result sim_exchange_answer(sim_exchange *exchange, const sim_http *http,
                                    const sim_instance *instance, struct MHD_Connection *connection,
                                    const char *method, const char *url)
{
    sim_route route;
    sim_answer *answer = &exchange->answer;
    if (!find_route(url, &route)) {
        sim_answer_error(answer, 404, "nothing is here: the paths are /<Method> and /i/<name>/<Method>");
        return queue(connection, answer);
    }
    json_t *fields = read_fields(exchange, connection, method, answer);
    if (fields) call_method(http, instance, &route, fields, answer);
    json_decref(fields);
    return queue(connection, answer);
}

void sim_exchange_free(sim_exchange *exchange)
{
    if (!exchange) return;
    base_buf_free(&exchange->body);
    sim_answer_free(&exchange->answer);
    free(exchange);
}
