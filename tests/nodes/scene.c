/* SPDX-License-Identifier: MIT */
#include "nodes/scene.h"

#include "base/event.h"

#include <stdio.h>

static uint64_t given(void *context)
{
    return *(uint64_t *)context;
}

static void note(void *context, dstack_p2p_log_level level, const char *line)
{
    scene *it = context;
    size_t len = strlen(it->lines);
    (void)level;
    snprintf(it->lines + len, sizeof it->lines - len, "%s\n", line);
}

static void start_node(scene *it, size_t i)
{
    it->nodes[i] = fake_node_start();
    fake_node_lock(it->nodes[i])->outcome = NODE_REVERTED; /* its contract looks into no transaction */
    fake_node_unlock(it->nodes[i]);
    strcat(strcat(it->urls, i ? "," : ""), fake_node_url(it->nodes[i]));
}

scene *scene_make(size_t nodes)
{
    scene *it = calloc(1, sizeof *it);
    assert_non_null(it);
    fake_clock_init(&it->clock);
    it->cancel_fd = base_event_new();
    it->random = (base_random){given, &it->chance};
    it->log = (base_log){note, it, DSTACK_P2P_LOG_DEBUG};
    for (size_t i = 0; i < nodes; i++)
        start_node(it, i);
    it->config = (eth_rpc_config){.urls = it->urls,
                                  .timeout_ms = SCENE_CALL_MS,
                                  .retries = true,
                                  .cancel_fd = it->cancel_fd,
                                  .log = &it->log,
                                  .clock = &it->clock.clock,
                                  .random = &it->random};
    return it;
}

scene *scene_make_known(size_t nodes)
{
    scene *it = scene_make(nodes);
    assert_int_equal(ask(it), 0);
    return it;
}

void scene_forget(scene *it)
{
    eth_rpc_free(it->rpc);
    it->rpc = NULL;
}

void scene_unmake(scene *it)
{
    scene_forget(it);
    for (size_t i = 0; i < SCENE_NODES; i++)
        fake_node_stop(it->nodes[i]);
    base_event_free(it->cancel_fd);
    free(it);
}

void set_fault(scene *it, size_t i, node_fault fault, unsigned times)
{
    fake_node_state *node = fake_node_lock(it->nodes[i]);
    node->fault = fault;
    node->fault_times = times;
    fake_node_unlock(it->nodes[i]);
}

void set_headers(scene *it, size_t i, const char *headers)
{
    fake_node_lock(it->nodes[i])->retry_after = headers;
    fake_node_unlock(it->nodes[i]);
}

void set_chain(scene *it, size_t i, uint64_t chain_id)
{
    fake_node_lock(it->nodes[i])->chain_id = chain_id;
    fake_node_unlock(it->nodes[i]);
}

void set_rule(scene *it, size_t i, fake_rule rule)
{
    fake_node_lock(it->nodes[i])->rules[0] = rule;
    fake_node_unlock(it->nodes[i]);
}

/* `send` is one of the two functions. */
static int send_batch(scene *it, int (*send)(eth_rpc *, eth_batch *, base_error *), eth_batch *batch)
{
    base_error_clear(&it->error);
    fake_clock_forget(&it->clock);
    if (!it->rpc) it->rpc = eth_rpc_new(&it->config);
    assert_non_null(it->rpc);
    int code = send(it->rpc, batch, &it->error);
    assert_int_equal(code, it->error.code);
    return code;
}

static int ask_by(scene *it, int (*send)(eth_rpc *, eth_batch *, base_error *))
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    const eth_request *block =
        &batch.requests[eth_batch_add(&batch, "eth_getBlockByNumber", "[\"latest\",false]")];
    int code = send_batch(it, send, &batch);
    if (!code && block->has_error) code = -1;
    if (!code) assert_string_equal(unit_text(block->result, "number"), "0x3e8");
    eth_batch_free(&batch);
    return code;
}

int ask(scene *it)
{
    return ask_by(it, eth_rpc_send);
}

int ask_elsewhere(scene *it)
{
    return ask_by(it, eth_rpc_send_elsewhere);
}

/* The beginning of a transaction is enough: chain id and nonce. */
int send_transaction(scene *it)
{
    eth_batch batch;
    eth_batch_init(&batch);
    eth_batch_add(&batch, "eth_sendRawTransaction", "[\"0x02c3827a6907\"]");
    int code = send_batch(it, eth_rpc_send, &batch);
    if (!code) assert_true(json_is_string(batch.requests[0].result));
    eth_batch_free(&batch);
    return code;
}

size_t asked(scene *it, size_t i)
{
    return fake_server_count(fake_node_server(it->nodes[i]));
}

unsigned sends(scene *it, size_t i)
{
    unsigned count = fake_node_lock(it->nodes[i])->sends;
    fake_node_unlock(it->nodes[i]);
    return count;
}

size_t logged(const scene *it, const char *words)
{
    size_t count = 0;
    for (const char *at = it->lines; (at = strstr(at, words)); at++)
        count++;
    return count;
}

uint64_t total_waits(const scene *it)
{
    uint64_t total = 0;
    for (size_t i = 0; i < it->clock.count; i++)
        total += it->clock.waits[i];
    return total;
}

void expect_waits(const scene *it, const uint64_t *waits, size_t count)
{
    assert_int_equal(it->clock.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(it->clock.waits[i], waits[i]);
}

uint64_t real_ms(void)
{
    return base_now_ms(base_clock_system());
}
