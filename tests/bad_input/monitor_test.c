/* SPDX-License-Identifier: MIT */

/* The monitor keeps its last list through everything a node can do, and says how old it is and why. */

#include "bad_input/world.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ID_A   "00000000000000000000000000000000000000aa"
#define ID_B   "00000000000000000000000000000000000000bb"
#define ADDR_A "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf"

enum { PATIENCE_MS = 20000 };

typedef struct told {
    atomic_uint snapshots, joined, left, changed;
} told;

static void on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *peers)
{
    told *t = context;
    assert_non_null(peers);
    if (change->kind == DSTACK_P2P_SNAPSHOT) t->snapshots++;
    if (change->kind == DSTACK_P2P_JOINED) t->joined++;
    if (change->kind == DSTACK_P2P_LEFT) t->left++;
    if (change->kind == DSTACK_P2P_CHANGED) t->changed++;
}

static void list_two_peers(world *w)
{
    fake_node_state *node = fake_node_lock(w->node);
    node->peers[0] = (fake_peer){ID_A, ADDR_A, "http://a", 1, 0};
    node->peers[1] = (fake_peer){ID_B, ADDR_A, "http://b", 2, 0};
    node->peer_count = 2;
    fake_node_unlock(w->node);
}

/* Waits until the last reading ended with a code, and after a failure until the next one failed, too. */
static dstack_p2p_status await_code(world *w, int code)
{
    dstack_p2p_status status;
    for (uint64_t end = now_ms() + PATIENCE_MS; now_ms() < end; sleep_ms(5)) {
        assert_int_equal(dstack_p2p_monitor_status(w->sdk, &status), DSTACK_P2P_OK);
        bool read = code || status.age_ms != UINT64_MAX;
        if (status.code == code && read && status.failures != 1) return status;
    }
    fail_msg("%s instead of %s: %s", dstack_p2p_code_name(status.code), dstack_p2p_code_name(code),
             status.message);
    return status;
}

static void set_fault(world *w, node_fault fault)
{
    fake_node_lock(w->node)->fault = fault;
    fake_node_unlock(w->node);
}

static void assert_list_kept(world *w)
{
    dstack_p2p_peers *peers = dstack_p2p_monitor_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 2);
    assert_string_equal(dstack_p2p_peers_at(peers, 0)->connection_url, "http://a");
    assert_string_equal(dstack_p2p_peers_at(peers, 1)->connection_url, "http://b");
    dstack_p2p_peers_free(peers);
}

static void start(world *w, told *t)
{
    list_two_peers(w);
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, on_change, t), DSTACK_P2P_OK);
    await_code(w, DSTACK_P2P_OK);
    assert_list_kept(w);
}

static void assert_nothing_told(const told *t)
{
    assert_int_equal(t->snapshots, 1);
    assert_int_equal(t->joined + t->left + t->changed, 0);
}

static const struct {
    node_fault fault;
    int code;
    const char *word;
} faults[] = {
    {NODE_HTML, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON"},
    {NODE_BROKEN_JSON, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON"},
    {NODE_ERROR, DSTACK_P2P_ERR_RPC_ERROR, "the database is gone"},
    {NODE_ERRORS, DSTACK_P2P_ERR_RPC_ERROR, "internal error"},
    {NODE_LIMITED, DSTACK_P2P_ERR_RPC_LIMITED, "limit exceeded"},
    {NODE_FOREIGN_ID, DSTACK_P2P_ERR_RPC_ANSWER, "another request"},
    {NODE_MISSING_ANSWER, DSTACK_P2P_ERR_RPC_ANSWER, "answered"},
    {NODE_TWICE, DSTACK_P2P_ERR_RPC_ANSWER, "another request"},
    {NODE_TEXT_IDS, DSTACK_P2P_ERR_RPC_ANSWER, "request id"},
    {NODE_NO_RESULTS, DSTACK_P2P_ERR_RPC_ANSWER, "neither a result"},
    {NODE_EMPTY_ARRAY, DSTACK_P2P_ERR_RPC_ANSWER, "answered 0 of"},
    {NODE_EMPTY_OBJECT, DSTACK_P2P_ERR_RPC_ANSWER, "request id"},
    {NODE_NULL, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON"},
    {NODE_EMPTY, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON"},
    {NODE_HUGE, DSTACK_P2P_ERR_RPC_ANSWER, "16 MiB"},
    {NODE_429, DSTACK_P2P_ERR_RPC_LIMITED, "429"},
    {NODE_401, DSTACK_P2P_ERR_RPC_ERROR, "401"},
    {NODE_502, DSTACK_P2P_ERR_RPC_ANSWER, "502"},
    {NODE_HALF, DSTACK_P2P_ERR_RPC_ANSWER, "not whole"},
    {NODE_CLOSES, DSTACK_P2P_ERR_RPC_ANSWER, "not whole"},
    {NODE_NO_STATUS_LINE, DSTACK_P2P_ERR_RPC_ANSWER, "not whole"},
};

static void list_outlives_every_fault(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        set_fault(w, faults[i].fault);
        dstack_p2p_status status = await_code(w, faults[i].code);
        if (!strstr(status.message, faults[i].word)) fail_msg("'%s': %s", faults[i].word, status.message);
        assert_true(status.running);
        assert_true(status.age_ms < PATIENCE_MS);
        assert_int_equal(status.peers, 2);
        assert_list_kept(w);
        set_fault(w, NODE_HEALTHY);
        status = await_code(w, DSTACK_P2P_OK);
        assert_string_equal(status.message, "");
        assert_int_equal(status.failures, 0);
    }
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    assert_nothing_told(&t);
}

static void list_outlives_a_node_that_sleeps(void **state)
{
    world *w = *state;
    told t = {0};
    w->options.rpc_timeout_ms = 500;
    start(w, &t);
    set_fault(w, NODE_SLOW);
    dstack_p2p_status status = await_code(w, DSTACK_P2P_ERR_RPC_TIMEOUT);
    assert_non_null(strstr(status.message, "500 ms"));
    assert_in_range(status.age_ms, 500, PATIENCE_MS);
    assert_list_kept(w);
    set_fault(w, NODE_HEALTHY);
    await_code(w, DSTACK_P2P_OK);
    dstack_p2p_monitor_stop(w->sdk);
    assert_nothing_told(&t);
}

static void list_outlives_a_node_that_moves_away(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    fake_node_lock(w->node)->chain_id = 1;
    fake_node_unlock(w->node);
    dstack_p2p_status status = await_code(w, DSTACK_P2P_ERR_WRONG_CHAIN);
    assert_non_null(strstr(status.message, "is on chain 1, not on chain 31337"));
    assert_list_kept(w);
    dstack_p2p_monitor_stop(w->sdk);
    assert_nothing_told(&t);
}

static void list_outlives_a_node_that_goes_away(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    fake_node_stop(w->node);
    w->node = NULL;
    await_code(w, DSTACK_P2P_ERR_RPC_UNREACHABLE);
    assert_list_kept(w);
    dstack_p2p_monitor_stop(w->sdk);
    assert_nothing_told(&t);
}

/* The version moves, and the list that should come with it is a lie. */
static void list_outlives_lies(void **state)
{
    static const struct {
        const char *result;
        int code;
    } lies[] = {{"null", DSTACK_P2P_ERR_RPC_ANSWER},
                {"[]", DSTACK_P2P_ERR_RPC_ANSWER},
                {"\"0x\"", DSTACK_P2P_ERR_NO_CONTRACT},
                {"\"0x00\"", DSTACK_P2P_ERR_OTHER_CONTRACT}};
    world *w = *state;
    told t = {0};
    start(w, &t);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        fake_node_state *node = fake_node_lock(w->node);
        node->version++;
        node->rules[0] = (fake_rule){.method = "eth_call", .selector = 0x776b0f04, .result = lies[i].result};
        fake_node_unlock(w->node);
        await_code(w, lies[i].code);
        assert_list_kept(w);
    }
    fake_node_lock(w->node)->rules[0] = (fake_rule){0};
    fake_node_unlock(w->node);
    assert_int_equal(await_code(w, DSTACK_P2P_OK).version, world_node(w)->version);
    dstack_p2p_monitor_stop(w->sdk);
    assert_nothing_told(&t);
}

/* The same machinery does tell what really happens. */
static void true_changes_are_told(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    fake_node_state *node = fake_node_lock(w->node);
    node->peers[0].url = "http://moved";
    node->peer_count = 1;
    node->version++;
    fake_node_unlock(w->node);
    for (uint64_t end = now_ms() + PATIENCE_MS; (!t.left || !t.changed) && now_ms() < end;)
        sleep_ms(5);
    dstack_p2p_monitor_stop(w->sdk);
    assert_int_equal(t.left, 1);
    assert_int_equal(t.changed, 1);
    assert_int_equal(t.joined, 0);
}

/* It starts while nobody answers: no list, which is not an empty one. */
static void no_list_before_the_first_reading(void **state)
{
    world *w = *state;
    told t = {0};
    set_fault(w, NODE_502);
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, on_change, &t), DSTACK_P2P_OK);
    dstack_p2p_status status = await_code(w, DSTACK_P2P_ERR_RPC_ANSWER);
    struct pollfd item = {.fd = dstack_p2p_monitor_fd(w->sdk), .events = POLLIN};
    assert_true(status.age_ms == UINT64_MAX);
    assert_null(dstack_p2p_monitor_peers(w->sdk));
    assert_int_equal(poll(&item, 1, 0), 0);
    assert_int_equal(t.snapshots, 0);
    set_fault(w, NODE_HEALTHY);
    await_code(w, DSTACK_P2P_OK);
    assert_int_equal(poll(&item, 1, 5000), 1);
    dstack_p2p_peers *peers = dstack_p2p_monitor_peers(w->sdk);
    assert_non_null(peers);
    assert_int_equal(dstack_p2p_peers_count(peers), 0);
    dstack_p2p_peers_free(peers);
}

static void second_monitor(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    ASSERT_CODE(w, dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_ERR_STATE,
                "a monitor runs already");
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
}

/* ---- What is counted ---- */

static dstack_p2p_status look(world *w)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(w->sdk, &status), DSTACK_P2P_OK);
    return status;
}

/* Without a monitor, as the node counts them; what fails, and what takes its time. */
static void requests_are_counted(void **state)
{
    enum { WITHIN_100 = 4, LAST = DSTACK_P2P_RPC_BOUNDS - 1 };
    world *w = *state;
    w->options.rpc_timeout_ms = 300;
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(look(w).rpc_requests, 0);
    dstack_p2p_peers_free(dstack_p2p_get_peers(w->sdk));
    dstack_p2p_status good = look(w);
    assert_true(good.rpc_requests > 0 && good.rpc_time_us > 0);
    assert_int_equal(good.rpc_requests, fake_server_count(fake_node_server(w->node)));
    assert_int_equal(good.rpc_failures, 0);
    assert_int_equal(good.rpc_within[LAST], good.rpc_requests);
    set_fault(w, NODE_502);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "502");
    dstack_p2p_status bad = look(w);
    assert_int_equal(bad.rpc_requests, fake_server_count(fake_node_server(w->node)));
    assert_int_equal(bad.rpc_failures, bad.rpc_requests - good.rpc_requests);
    set_fault(w, NODE_SLOW);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_TIMEOUT, "did not answer");
    dstack_p2p_status slow = look(w);
    assert_int_equal(slow.rpc_failures, bad.rpc_failures + slow.rpc_requests - bad.rpc_requests);
    assert_true(slow.rpc_time_us - bad.rpc_time_us >= 200000);
    assert_true(slow.rpc_within[WITHIN_100] < slow.rpc_requests);
    assert_int_equal(slow.changes, 0);
}

/* Those of the monitor's connection, too; and they outlive it. */
static void monitors_requests_are_counted(void **state)
{
    world *w = *state;
    told t = {0};
    start(w, &t);
    for (uint64_t end = now_ms() + PATIENCE_MS; look(w).rpc_requests < 5; sleep_ms(5))
        assert_true(now_ms() < end);
    assert_int_equal(look(w).changes, 0);
    fake_node_state *node = fake_node_lock(w->node);
    node->peer_count = 1;
    node->version++;
    fake_node_unlock(w->node);
    for (uint64_t end = now_ms() + PATIENCE_MS; look(w).changes < 1; sleep_ms(5))
        assert_true(now_ms() < end);
    assert_int_equal(dstack_p2p_monitor_stop(w->sdk), DSTACK_P2P_OK);
    uint64_t requests = look(w).rpc_requests;
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_code(w, DSTACK_P2P_OK);
    assert_true(look(w).rpc_requests > requests);
    assert_int_equal(look(w).changes, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(list_outlives_every_fault),
                                       TEST(list_outlives_a_node_that_sleeps),
                                       TEST(list_outlives_a_node_that_moves_away),
                                       TEST(list_outlives_a_node_that_goes_away),
                                       TEST(list_outlives_lies),
                                       TEST(true_changes_are_told),
                                       TEST(no_list_before_the_first_reading),
                                       TEST(second_monitor),
                                       TEST(requests_are_counted),
                                       TEST(monitors_requests_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
