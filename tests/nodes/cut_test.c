/* SPDX-License-Identifier: MIT */

/* An answer that ends early, after each of its bytes in turn: an error, and never a part that passes for all.
 */

#include "nodes/scene.h"

#include <stdio.h>

enum { ANSWER_MAX = 1024 };

typedef struct cut {
    char answer[ANSWER_MAX];
    size_t len; /* so many bytes of it are sent */
} cut;

#define BODY                                                                                                 \
    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a69\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":"        \
    "\"0x10\"}]"

static void answer(void *context, const fake_request *request, fake_reply *reply)
{
    const cut *it = context;
    (void)request;
    fake_send_raw(reply, it->answer, it->len);
    fake_close(reply);
}

/* Asks once, with a connection of its own; what came is believed or not. */
static int ask_server(fake_server *server)
{
    eth_batch batch;
    base_error error = {0};
    eth_rpc_config config = {.urls = fake_server_endpoint(server), .timeout_ms = 20000, .cancel_fd = -1};
    eth_rpc *rpc = eth_rpc_new(&config);
    assert_non_null(rpc);
    eth_rpc_begin(&batch);
    eth_batch_add(&batch, "eth_blockNumber", "[]");
    int code = eth_rpc_send(rpc, &batch, &error);
    if (!code) assert_string_equal(json_string_value(batch.requests[1].result), "0x10");
    if (!code) assert_int_equal(eth_rpc_chain_id(rpc), FAKE_CHAIN_ID);
    if (code) assert_int_equal(code, DSTACK_P2P_ERR_RPC_ANSWER);
    if (code) assert_int_equal(eth_rpc_chain_id(rpc), 0);
    eth_batch_free(&batch);
    eth_rpc_free(rpc);
    return code;
}

static void cut_everywhere(const char *head)
{
    cut it = {.len = 0};
    size_t whole = (size_t)snprintf(it.answer, sizeof it.answer, "%s%s", head, BODY);
    assert_true(whole < sizeof it.answer);
    for (; it.len <= whole; it.len++) {
        fake_server *server = fake_server_tcp(answer, &it);
        int code = ask_server(server);
        if ((code == 0) != (it.len == whole)) fail_msg("%zu of %zu bytes: %d", it.len, whole, code);
        fake_server_stop(server);
    }
}

static void test_length_is_announced(void **state)
{
    char head[128];
    (void)state;
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(BODY));
    cut_everywhere(head);
}

/* The end of the connection is the end of the answer: HTTP cannot tell that something is missing. */
static void test_length_is_not_announced(void **state)
{
    (void)state;
    cut_everywhere("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

/* Shorter than it is, with a length that fits: a proxy that cuts. */
static void test_length_is_wrong(void **state)
{
    (void)state;
    for (size_t len = 0; len <= strlen(BODY); len++) {
        cut it;
        it.len = (size_t)snprintf(it.answer, sizeof it.answer,
                                  "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s", len, (int)len, BODY);
        fake_server *server = fake_server_tcp(answer, &it);
        int code = ask_server(server);
        if ((code == 0) != (len == strlen(BODY))) fail_msg("%zu bytes: %d", len, code);
        fake_server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length_is_announced),
        cmocka_unit_test(test_length_is_not_announced),
        cmocka_unit_test(test_length_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
