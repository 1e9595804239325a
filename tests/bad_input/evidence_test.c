/* SPDX-License-Identifier: MIT */

/* A node that lists whom it likes: none of it gets into a list that is checked. */

#include "bad_input/world.h"
#include "cluster/evidence.h"
#include "cluster/sdk.h"

#include <stdio.h>
#include <string.h>

#define ALICE "00000000000000000000000000000000000000a1"
#define BOB   "00000000000000000000000000000000000000b0"

enum { LONG_CHAIN = 2000000, MINUTE_MS = 60000 };

/* ---- The setting ---- */

static char alice_address[41], bob_address[41];

/* Time that passes when a test says so. */
static uint64_t passed_ms;

static uint64_t warped_now(void *context)
{
    (void)context;
    return base_now_ms(base_clock_system()) + passed_ms;
}

static bool warped_wait(void *context, int fd, uint64_t ms)
{
    (void)context;
    return base_wait(base_clock_system(), fd, ms);
}

static const base_clock warped = {.now_ms = warped_now, .wait = warped_wait};

static dstack_p2p *open_checked(world *w)
{
    dstack_p2p *sdk = world_open(w, FAKE_CONTRACT, URL);
    sdk->clock = &warped;
    return sdk;
}

static fake_peer *list_peer(world *w, const char *id, char *address, const char *url, uint64_t block)
{
    fake_node_state *node = world_node(w);
    size_t at = node->peer_count++;
    fake_member_address(id, address);
    node->events[at].block = block;
    node->peers[at] = (fake_peer){id, address, url, fake_block_time(node, block), 0};
    return &node->peers[at];
}

/* Alice registered 300 blocks ago, Bob 100. */
static int make_world(void **state)
{
    if (world_make(state)) return -1;
    world *w = *state;
    w->options.evidence = DSTACK_P2P_EVIDENCE_AUTO;
    list_peer(w, ALICE, alice_address, "http://alice", FAKE_BLOCK - 300);
    list_peer(w, BOB, bob_address, "http://bob", FAKE_BLOCK - 100);
    passed_ms = 0;
    return 0;
}

static fake_event *bobs_event(world *w)
{
    return &world_node(w)->events[1];
}

/* ---- What is seen ---- */

static bool holds(const dstack_p2p_peers *peers, const char *id)
{
    for (size_t i = 0; i < dstack_p2p_peers_count(peers); i++)
        if (!strcmp(dstack_p2p_peers_at(peers, i)->instance_id, id)) return true;
    return false;
}

static void expect_list(world *w, bool alice, bool bob)
{
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    if (!peers) fail_msg("no list: %s", dstack_p2p_errmsg(w->sdk));
    assert_true(peers->checked);
    assert_int_equal(dstack_p2p_peers_count(peers), alice + bob);
    assert_int_equal(peers->left_out, 2 - alice - bob);
    assert_int_equal(holds(peers, ALICE), alice);
    assert_int_equal(holds(peers, BOB), bob);
    dstack_p2p_peers_free(peers);
}

/* The same, and how often the node was asked for events meanwhile. */
static unsigned count_logs(world *w, bool alice, bool bob)
{
    unsigned before = world_node(w)->logs_asked;
    expect_list(w, alice, bob);
    return world_node(w)->logs_asked - before;
}

static void expect_unchecked(world *w)
{
    unsigned before = world_node(w)->logs_asked;
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_non_null(peers);
    assert_false(peers->checked);
    assert_int_equal(dstack_p2p_peers_count(peers), 2);
    assert_int_equal(peers->left_out, 0);
    assert_int_equal(world_node(w)->logs_asked, before);
    dstack_p2p_peers_free(peers);
}

/* ---- Peers ---- */

static void test_good_evidence(void **state)
{
    world *w = *state;
    open_checked(w);
    assert_int_equal(count_logs(w, true, true), 1);
    unsigned blocks = world_node(w)->blocks_asked;
    assert_int_equal(count_logs(w, true, true), 0);
    assert_int_equal(world_node(w)->blocks_asked, blocks + 1); /* the list's */
}

static const struct {
    fake_flaw flaw;
    const char *words;
} flaws[] = {
    {FLAW_NO_EVENT, "no event of the contract"},
    {FLAW_REMOVED, "no event of the contract"},
    {FLAW_URL_LISTED, "no event of the contract"},
    {FLAW_OTHER_URL, "not signed by the app key"},
    {FLAW_REPLAYED, "its address is not that of its derived key"},
    {FLAW_OTHER_CHAIN, "not signed by the app key"},
    {FLAW_OTHER_CONTRACT, "not signed by the app key"},
    {FLAW_OTHER_BLOCK, "not signed by the app key"},
    {FLAW_FUTURE, "does not exist"},
    {FLAW_GARBAGE, "holds no signature"},
    {FLAW_OTHER_SIGNER, "not signed by the app key"},
    {FLAW_OTHER_CERTIFICATE, "another KMS root"},
    {FLAW_OTHER_ROOT, "another KMS root"},
};

/* Each of them is left out, with the reason, and the other peer stays. */
static void test_each_flaw(void **state)
{
    world *w = *state;
    assert_int_equal(sizeof flaws / sizeof *flaws, FLAWS - 1);
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        char line[160];
        bobs_event(w)->flaw = flaws[i].flaw;
        w->log_len = 0;
        memset(w->log, 0, sizeof w->log);
        open_checked(w);
        expect_list(w, true, false);
        snprintf(line, sizeof line, "peer %s is left out: ", BOB);
        assert_logged(w, line);
        assert_logged(w, flaws[i].words);
        assert_null(strstr(w->log, ALICE));
    }
}

/* A million lines would be the node's to write otherwise. */
static void test_very_many(void **state)
{
    enum { CROWD = 5000 };
    world *w = *state;
    unsigned lines = 0;
    world_node(w)->crowd = CROWD;
    open_checked(w);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_non_null(peers);
    assert_int_equal(dstack_p2p_peers_count(peers), 2);
    assert_int_equal(peers->left_out, CROWD);
    dstack_p2p_peers_free(peers);
    for (const char *at = w->log; (at = strstr(at, "is left out: ")); at++)
        lines++;
    assert_int_equal(lines, 16);
    assert_logged(w, "4984 more peers are left out");
    assert_in_range(world_node(w)->logs_asked, 1, 3);
}

/* What is wrong once is not fetched and checked with every reading, nor told. */
static void test_not_retried_for_ever(void **state)
{
    world *w = *state;
    bobs_event(w)->flaw = FLAW_OTHER_SIGNER;
    open_checked(w);
    assert_in_range(count_logs(w, true, false), 1, 3);
    w->log_len = 0;
    memset(w->log, 0, sizeof w->log);
    for (uint64_t minutes = 0; minutes < 9; minutes++, passed_ms += MINUTE_MS)
        assert_int_equal(count_logs(w, true, false), 0);
    passed_ms += 2 * (uint64_t)MINUTE_MS;
    assert_in_range(count_logs(w, true, false), 1, 3);
    passed_ms += 19 * (uint64_t)MINUTE_MS; /* now it takes twenty minutes */
    assert_int_equal(count_logs(w, true, false), 0);
    assert_null(strstr(w->log, "left out"));
    passed_ms += 2 * (uint64_t)MINUTE_MS;
    bobs_event(w)->flaw = FLAW_NONE;
    expect_list(w, true, true);
}

/* A peer that changes is checked at once, whatever was found before. */
static void test_changed_peers(void **state)
{
    world *w = *state;
    bobs_event(w)->flaw = FLAW_OTHER_SIGNER;
    open_checked(w);
    expect_list(w, true, false);
    bobs_event(w)->flaw = FLAW_NONE;
    world_node(w)->peers[1].url = "http://bob:2";
    bobs_event(w)->block = FAKE_BLOCK;
    expect_list(w, true, true);
    world_node(w)->peers[1].url = "http://bob:3";
    bobs_event(w)->flaw = FLAW_URL_LISTED;
    expect_list(w, true, false);
    world_node(w)->peers[1].url = "http://bob:2";
    bobs_event(w)->flaw = FLAW_NONE;
    expect_list(w, true, true);
    world_node(w)->peers[1].registered_at += 12; /* another membership */
    bobs_event(w)->flaw = FLAW_GARBAGE;
    expect_list(w, true, false);
}

/* A lease that is renewed leaves no evidence, and needs none. */
static void test_renewed_lease(void **state)
{
    world *w = *state;
    open_checked(w);
    expect_list(w, true, true);
    world_node(w)->peers[1].expires_at = 2000000000;
    bobs_event(w)->flaw = FLAW_NO_EVENT;
    assert_int_equal(count_logs(w, true, true), 0);
}

/* The address in list and event is that of somebody else's key. */
static void test_address_of_another_key(void **state)
{
    world *w = *state;
    world_node(w)->peers[1].address = alice_address;
    open_checked(w);
    expect_list(w, true, false);
    assert_logged(w, "its address is not that of its derived key");
}

static void test_own_registration(void **state)
{
    world *w = *state;
    dstack_p2p *sdk = open_checked(w);
    assert_int_equal(dstack_p2p_register(sdk), DSTACK_P2P_OK);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    assert_non_null(peers);
    assert_true(peers->checked);
    assert_int_equal(peers->left_out, 0);
    assert_true(holds(peers, FAKE_INSTANCE_ID));
    dstack_p2p_peers_free(peers);
}

/* ---- The root ---- */

static void test_root_is_not_known(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->info = GUEST_500_EMPTY;
    open_checked(w);
    expect_unchecked(w);
    assert_logged(w, "not checked: the KMS root is not known");
    fake_guest_set(w->guest)->info = GUEST_HEALTHY;
    expect_unchecked(w); /* the agent is not asked with every reading */
    passed_ms += 11000;
    expect_list(w, true, true);
}

static void test_root_is_required(void **state)
{
    world *w = *state;
    w->options.evidence = DSTACK_P2P_EVIDENCE_REQUIRED;
    fake_guest_set(w->guest)->info = GUEST_500_EMPTY;
    open_checked(w);
    for (int i = 0; i < 2; i++)
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_GUEST_REFUSED, "cannot be checked without the KMS root", "Info");
    fake_guest_set(w->guest)->info = GUEST_HEALTHY;
    passed_ms += 11000;
    expect_list(w, true, true);
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    open_checked(w);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "there is no guest agent's socket");
}

static void test_root_is_given(void **state)
{
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    w->options.kms_root = FAKE_KMS_ROOT;
    bobs_event(w)->flaw = FLAW_OTHER_ROOT;
    open_checked(w);
    expect_list(w, true, false);
    w->options.kms_root = "0x00000000000000000000000000000000000000aa";
    bobs_event(w)->flaw = FLAW_NONE;
    open_checked(w);
    expect_list(w, false, false);
}

/* Peers of an app that is not named are left out, whatever the contract allows. */
static void test_app_ids(void **state)
{
    world *w = *state;
    w->options.app_ids = FAKE_APP_ID;
    open_checked(w);
    expect_list(w, true, true);
    w->options.app_ids = "00000000000000000000000000000000000000aa";
    open_checked(w);
    expect_list(w, false, false);
    assert_logged(w, "another app");
}

static void test_switched_off(void **state)
{
    world *w = *state;
    w->options.evidence = DSTACK_P2P_EVIDENCE_OFF;
    bobs_event(w)->flaw = FLAW_NO_EVENT;
    open_checked(w);
    expect_unchecked(w);
    assert_false(w->sdk->has_identity);
}

/* Who reads peers knows himself among them, though he has not registered with this handle. */
static void test_self_is_known(void **state)
{
    world *w = *state;
    static char address[41];
    list_peer(w, FAKE_INSTANCE_ID, address, "http://self", FAKE_BLOCK - 50);
    open_checked(w);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dstack_p2p_peers_at(peers, i)->is_self, i == 2);
    dstack_p2p_peers_free(peers);
}

/* Without an agent's socket, reading costs what it did. */
static void test_no_socket_is_cheap(void **state)
{
    enum { TIMES = 200 };
    base_error error = {0};
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    open_checked(w);
    eth_rpc *rpc = cluster_rpc(w->sdk, &error);
    uint64_t start = now_ms();
    for (int i = 0; i < TIMES; i++, passed_ms += 3600000)
        assert_int_equal(cluster_evidence_prepare(w->sdk, rpc, &error), 0);
    assert_in_range(now_ms() - start, 0, TIMES);
}

/* ---- Nodes that do not answer what is asked ---- */

static void test_node_refuses(void **state)
{
    static const struct {
        const char *method, *result, *message, *words;
        int code;
    } cases[] = {
        {"eth_getLogs", NULL, "the method eth_getLogs does not exist", "does not exist",
         DSTACK_P2P_ERR_RPC_ERROR},
        {"eth_getLogs", NULL, "block range is too large", "too large", DSTACK_P2P_ERR_RPC_ERROR},
        {"eth_getLogs", "{}", NULL, "no list", DSTACK_P2P_ERR_RPC_ANSWER},
        {"eth_getLogs", "[1]", NULL, "another address", DSTACK_P2P_ERR_RPC_ANSWER},
        {"eth_getLogs", "[{\"address\":\"" FAKE_CONTRACT "\"}]", NULL, "no block", DSTACK_P2P_ERR_RPC_ANSWER},
        {"eth_blockNumber", "null", NULL, "block number", DSTACK_P2P_ERR_RPC_ANSWER},
        {"eth_blockNumber", "\"0x3\"", NULL, "is at block 3", DSTACK_P2P_ERR_RPC_ANSWER},
    };
    world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_node(w)->rules[0] = (fake_rule){.method = cases[i].method,
                                              .result = cases[i].result,
                                              .message = cases[i].message,
                                              .code = -32000};
        open_checked(w);
        ASSERT_NO_PEERS(w, cases[i].code, "checking the peers' evidence", cases[i].words);
        memset(world_node(w)->rules, 0, sizeof world_node(w)->rules);
        expect_list(w, true, true);
    }
}

/* The newest blocks are in the logs a little later: a peer of these is looked for again soon. */
static void test_logs_that_lag(void **state)
{
    world *w = *state;
    bobs_event(w)->block = FAKE_BLOCK;
    world_node(w)->log_lag = 2;
    open_checked(w);
    expect_list(w, true, false);
    world_node(w)->log_lag = 0;
    expect_list(w, true, false);
    passed_ms += 3000;
    expect_list(w, true, true);
}

static void test_node_that_says_it_lags(void **state)
{
    world *w = *state;
    world_node(w)->log_lag = 2;
    world_node(w)->says_lag = true;
    open_checked(w);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "is at block 998", "up to 1000");
}

/* The first page of a list may be of a later block than the list says. */
static void test_event_after_the_lists_block(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->rules[0] =
        (fake_rule){.method = "eth_getBlockByNumber",
                    .times = 1,
                    .result = "{\"number\":\"0x3e7\",\"timestamp\":\"0x6553f0f4\",\"hash\":\"0xb1"
                              "000000000000000000000000000000000000000000000000000000000003e7\"}"};
    bobs_event(w)->block = FAKE_BLOCK;
    open_checked(w);
    expect_list(w, true, true);
}

/* ---- Long chains, and nodes with limits ---- */

static void make_long_chain(world *w, uint64_t alice, uint64_t bob)
{
    fake_node_state *node = world_node(w);
    node->block_number = LONG_CHAIN;
    node->events[0].block = alice;
    node->events[1].block = bob;
    node->peers[0].registered_at = fake_block_time(node, alice);
    node->peers[1].registered_at = fake_block_time(node, bob);
}

static void test_limits(void **state)
{
    static const uint64_t ranges[] = {5, 10, 500, 2048, 10000};
    world *w = *state;
    make_long_chain(w, 123456, LONG_CHAIN - 1234);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        world_node(w)->log_range = ranges[i];
        open_checked(w);
        unsigned blocks = world_node(w)->blocks_asked;
        assert_in_range(count_logs(w, true, true), 2, 1500);
        assert_in_range(world_node(w)->blocks_asked - blocks, 1, 200);
        assert_in_range(eth_rpc_round_trips(w->sdk->rpc), 2, 100);
        assert_in_range(w->sdk->proofs.limits.blocks, ranges[i] / 2, ranges[i]);
    }
}

/* A node that answers one entry at a time, wherever it is. */
static void test_limit_of_entries(void **state)
{
    world *w = *state;
    make_long_chain(w, LONG_CHAIN - 5000, LONG_CHAIN - 4900);
    world_node(w)->log_results = 1;
    open_checked(w);
    expect_list(w, true, true);
}

/* The one who changed its URL long after it joined is found; the others' blocks are not searched for it. */
static void test_changed_long_after_joining(void **state)
{
    world *w = *state;
    make_long_chain(w, 1000, LONG_CHAIN - 1234);
    world_node(w)->peers[1].registered_at = world_node(w)->peers[0].registered_at + 12;
    world_node(w)->log_range = 10000;
    open_checked(w);
    assert_in_range(count_logs(w, true, true), 2, 300);
}

/* More than one reading may take: it fails, nobody is called invented, and the next one goes on. */
static void test_goes_on_with_the_next_reading(void **state)
{
    world *w = *state;
    make_long_chain(w, LONG_CHAIN - 100000, LONG_CHAIN - 1234);
    world_node(w)->peers[1].registered_at = world_node(w)->peers[0].registered_at;
    world_node(w)->log_range = 10;
    open_checked(w);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ERROR, "1 of 2 peers are not checked yet",
                    "the next reading goes on");
    assert_in_range(eth_rpc_round_trips(w->sdk->rpc), 390, 460);
    for (int i = 0; i < 2; i++) {
        dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
        if (peers) assert_int_equal(peers->left_out, 0);
        assert_true(peers || i == 0);
        if (peers) i = 2;
        dstack_p2p_peers_free(peers);
    }
}

static void test_one_by_one(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_NO_BATCHES;
    open_checked(w);
    expect_list(w, true, true);
}

/* ---- The monitor ---- */

static dstack_p2p_status await_reading(world *w)
{
    dstack_p2p_status status;
    uint64_t end = now_ms() + 20000, block = world_node(w)->block_number;
    do {
        if (now_ms() > end) fail_msg("no reading: %s", status.message);
        sleep_ms(2);
        dstack_p2p_monitor_status(w->sdk, &status);
    } while (status.age_ms == UINT64_MAX || status.block_number < block);
    return status;
}

/* From now on the node lists this, at a new block. */
static void move_on(world *w)
{
    fake_node_state *node = fake_node_lock(w->node);
    node->block_number++;
    node->version++;
    fake_node_unlock(w->node);
}

static void test_monitor(void **state)
{
    world *w = *state;
    open_checked(w);
    bobs_event(w)->flaw = FLAW_GARBAGE;
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    dstack_p2p_status status = await_reading(w);
    assert_true(status.checked);
    assert_int_equal(status.peers, 1);
    assert_int_equal(status.left_out, 1);
    fake_node_lock(w->node)->events[0].flaw = FLAW_NO_EVENT; /* proven before, and not asked again */
    fake_node_unlock(w->node);
    move_on(w);
    status = await_reading(w);
    assert_int_equal(status.peers, 1);
    fake_node_lock(w->node)->peers[0].url = "http://invented";
    fake_node_unlock(w->node);
    move_on(w);
    status = await_reading(w);
    assert_int_equal(status.peers, 0);
    assert_int_equal(status.left_out, 2);
    assert_int_equal(status.code, 0);
    dstack_p2p_monitor_stop(w->sdk);
}

/* The monitor looks again for a peer whose event the node did not know yet, though nothing changes on chain.
 */
static void test_monitor_and_logs_that_lag(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    bobs_event(w)->block = FAKE_BLOCK;
    world_node(w)->log_lag = 2;
    open_checked(w);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    assert_int_equal(await_reading(w).left_out, 1);
    fake_node_lock(w->node)->log_lag = 0;
    fake_node_unlock(w->node);
    uint64_t end = now_ms() + 30000;
    do {
        assert_true(now_ms() < end);
        sleep_ms(2);
        dstack_p2p_monitor_status(w->sdk, &status);
    } while (status.peers != 2);
    assert_int_equal(status.left_out, 0);
    dstack_p2p_monitor_stop(w->sdk);
}

/* The application's readings and the monitor's share what is known. */
static void test_two_threads(void **state)
{
    enum { READINGS = 100 };
    world *w = *state;
    static char urls[READINGS][32];
    open_checked(w);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    for (int i = 0; i < READINGS; i++) {
        snprintf(urls[i], sizeof urls[i], "http://bob:%d", i);
        fake_node_state *node = fake_node_lock(w->node);
        node->peers[1].url = urls[i];
        node->events[1].flaw = i % 2 ? FLAW_OTHER_SIGNER : FLAW_NONE;
        node->events[1].block = ++node->block_number;
        node->block_time += 12;
        node->version++;
        fake_node_unlock(w->node);
        expect_list(w, true, i % 2 == 0);
    }
    dstack_p2p_status status = await_reading(w);
    assert_int_equal(status.peers, 1);
    assert_int_equal(status.left_out, 1);
    dstack_p2p_monitor_stop(w->sdk);
}

/* A node that cannot answer is no reason to drop anybody. */
static void test_monitor_keeps_the_list(void **state)
{
    world *w = *state;
    dstack_p2p_status status;
    open_checked(w);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    assert_int_equal(await_reading(w).peers, 2);
    fake_node_state *node = fake_node_lock(w->node);
    node->rules[0] =
        (fake_rule){.method = "eth_getLogs", .code = -32000, .message = "the index is being built"};
    node->peers[1].url = "http://bob:2";
    fake_node_unlock(w->node);
    move_on(w);
    uint64_t end = now_ms() + 20000;
    do {
        assert_true(now_ms() < end);
        sleep_ms(2);
        dstack_p2p_monitor_status(w->sdk, &status);
    } while (!status.code);
    assert_int_equal(status.peers, 2);
    assert_non_null(strstr(status.message, "evidence"));
    /* Polling every 20 ms, it would have read the list seventy times within this, in four exchanges each. */
    size_t before = fake_server_count(fake_node_server(w->node));
    sleep_ms(1500);
    assert_in_range(fake_server_count(fake_node_server(w->node)) - before, 1, 60);
    dstack_p2p_monitor_stop(w->sdk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, world_unmake)
    const struct CMUnitTest tests[] = {
        TEST(test_good_evidence),
        TEST(test_each_flaw),
        TEST(test_very_many),
        TEST(test_not_retried_for_ever),
        TEST(test_changed_peers),
        TEST(test_renewed_lease),
        TEST(test_address_of_another_key),
        TEST(test_own_registration),
        TEST(test_root_is_not_known),
        TEST(test_root_is_required),
        TEST(test_root_is_given),
        TEST(test_app_ids),
        TEST(test_switched_off),
        TEST(test_self_is_known),
        TEST(test_no_socket_is_cheap),
        TEST(test_node_refuses),
        TEST(test_logs_that_lag),
        TEST(test_node_that_says_it_lags),
        TEST(test_event_after_the_lists_block),
        TEST(test_limits),
        TEST(test_limit_of_entries),
        TEST(test_changed_long_after_joining),
        TEST(test_goes_on_with_the_next_reading),
        TEST(test_one_by_one),
        TEST(test_monitor),
        TEST(test_monitor_and_logs_that_lag),
        TEST(test_two_threads),
        TEST(test_monitor_keeps_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
