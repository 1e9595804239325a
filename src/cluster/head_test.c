/* SPDX-License-Identifier: MIT */
#include "cluster/head.h"

#include "cluster/sdk.h"
#include "support/fake_server.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"

enum { BLOCKS = 1024, NOBODY = -1 };

/* A node with a chain of which each block is on a branch. A block's hash is its branch and its number. */
typedef struct chain {
    pthread_mutex_t lock;
    fake_server *server;
    uint64_t head, version;
    uint8_t branch[BLOCKS];
    int missing;           /* this block is null, when asked for by its number */
    int refused;           /* this one is an error */
    uint8_t latest_branch; /* the newest block is on this one, when asked for by its tag; 0 = no lie */
    bool no_contract, refuses_version;
    unsigned asked; /* blocks asked for by number */

    dstack_p2p *sdk;
    cluster_history history;
    cluster_head look;
} chain;

static void put_hash(uint8_t branch, uint64_t number, uint8_t hash32[static 32])
{
    memset(hash32, branch, 32);
    memcpy(hash32 + 24, &number, sizeof number);
}

static json_t *make_block(uint8_t branch, uint64_t number)
{
    char hash[67] = "0x";
    uint8_t hash32[32];
    put_hash(branch, number, hash32);
    for (int i = 0; i < 32; i++)
        snprintf(hash + 2 + 2 * i, 3, "%02x", hash32[i]);
    return json_pack("{sososs}", "number", json_sprintf("0x%llx", (unsigned long long)number), "timestamp",
                     json_sprintf("0x%llx", 1000 + (unsigned long long)number), "hash", hash);
}

static json_t *refusal(void)
{
    return json_pack("{siss}", "code", -32000, "message", "not today");
}

static json_t *get_block(chain *it, const char *tag, json_t **error)
{
    bool by_number = !strncmp(tag, "0x", 2);
    uint64_t number = by_number ? strtoull(tag, NULL, 16) : it->head;
    it->asked += by_number;
    if (by_number && it->refused == (int)number) {
        *error = refusal();
        return NULL;
    }
    if (number > it->head || (by_number && it->missing == (int)number)) return json_null();
    uint8_t branch = !by_number && it->latest_branch ? it->latest_branch : it->branch[number];
    return make_block(branch, number);
}

static json_t *answer(chain *it, const json_t *request)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    const json_t *params = json_object_get(request, "params");
    json_t *error = NULL, *result = NULL;
    if (!strcmp(method, "eth_chainId"))
        result = json_string("0x7a69");
    else if (!strcmp(method, "eth_getBlockByNumber"))
        result = get_block(it, json_string_value(json_array_get(params, 0)), &error);
    else if (it->refuses_version)
        error = refusal();
    else
        result =
            it->no_contract ? json_string("0x") : json_sprintf("0x%064llx", (unsigned long long)it->version);
    json_t *whole = json_pack("{sO}", "id", json_object_get(request, "id"));
    json_object_set_new(whole, error ? "error" : "result", error ? error : result);
    return whole;
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    chain *it = context;
    json_t *asked = json_loads(request->body, 0, NULL), *answers = json_array(), *one;
    size_t i;
    pthread_mutex_lock(&it->lock);
    json_array_foreach(asked, i, one) json_array_append_new(answers, answer(it, one));
    pthread_mutex_unlock(&it->lock);
    char *text = json_dumps(answers, JSON_COMPACT);
    fake_send(reply, 200, text);
    free(text);
    json_decref(asked);
    json_decref(answers);
}

static int setup(void **state)
{
    chain *it = calloc(1, sizeof *it);
    if (!it) return -1;
    pthread_mutex_init(&it->lock, NULL);
    memset(it->branch, 1, sizeof it->branch);
    it->head = 100;
    it->version = 5;
    it->missing = it->refused = NOBODY;
    it->server = fake_server_tcp(handle, it);
    dstack_p2p_options options = {.rpc_url = fake_server_endpoint(it->server), .chain_id = 31337};
    it->sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
    *state = it;
    return it->sdk ? 0 : -1;
}

static int teardown(void **state)
{
    chain *it = *state;
    dstack_p2p_free(it->sdk);
    fake_server_stop(it->server);
    pthread_mutex_destroy(&it->lock);
    free(it);
    return 0;
}

static int look(chain *it, base_error *error)
{
    eth_rpc *rpc = cluster_rpc(it->sdk, error);
    it->asked = 0;
    return rpc ? cluster_read_head(it->sdk, rpc, &it->history, &it->look, error) : error->code;
}

/* The chain goes on, or back, from a block on as another branch. */
static void reorganise(chain *it, uint64_t from, uint8_t branch, uint64_t head)
{
    memset(it->branch + from, branch, BLOCKS - from);
    it->head = head;
}

static void expect_look(chain *it, bool reorganised)
{
    base_error error = {0};
    look(it, &error);
    expect_ok(&error);
    assert_int_equal(it->look.block.number, it->head);
    assert_int_equal(it->look.block.time, 1000 + it->head);
    assert_int_equal(it->look.version, it->version);
    assert_int_equal(it->look.reorganised, reorganised);
    assert_int_equal(cluster_history_newest(&it->history)->number, it->head);
}

/* Looks at each of some blocks. */
static void go_to(chain *it, const uint64_t *heads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        it->head = heads[i];
        expect_look(it, false);
    }
}

#define GO(it, ...)                                                                                          \
    go_to(it, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* A look that fails leaves what is known as it was. */
static void expect_failure(chain *it, int code, const char *part)
{
    base_error error = {0};
    cluster_history before = it->history;
    look(it, &error);
    expect_error(&error, code, part);
    assert_memory_equal(&it->history, &before, sizeof before);
}

static void expect_known(const chain *it, const uint64_t *numbers, size_t count)
{
    uint8_t hash32[32];
    assert_int_equal(it->history.count, count);
    for (size_t i = 0; i < count; i++) {
        const cluster_past *past = &it->history.blocks[i];
        assert_int_equal(past->number, numbers[i]);
        put_hash(it->branch[past->number], past->number, hash32);
        assert_memory_equal(past->hash32, hash32, 32);
    }
}

#define KNOWN(it, ...)                                                                                       \
    expect_known(it, (const uint64_t[]){__VA_ARGS__},                                                        \
                 sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* ---- A chain that goes on ---- */

static void test_forward(void **state)
{
    chain *it = *state;
    GO(it, 100);
    KNOWN(it, 100);
    assert_true(it->history.has_genesis);
    GO(it, 101, 150, 500);
    KNOWN(it, 100, 101, 150, 500);
    assert_int_equal(it->asked, 1); /* the newest one; the first block is known already */
}

static void test_same_block(void **state)
{
    chain *it = *state;
    GO(it, 100, 100);
    it->version = 6;
    GO(it, 100);
    KNOWN(it, 100);
}

static void test_from_the_first_block(void **state)
{
    chain *it = *state;
    GO(it, 0, 0, 1);
    KNOWN(it, 0, 1);
}

/* ---- A node that is behind ---- */

static void test_behind(void **state)
{
    chain *it = *state;
    GO(it, 100, 110, 120);
    it->head = 110; /* a block that was seen */
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "stands at block 110, and block 120 was seen");
    it->head = 115; /* one that was not: an older one is asked for */
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "stands at block 115, and block 120 was seen");
    GO(it, 120, 121);
    KNOWN(it, 100, 110, 120, 121);
}

/* Soon after the start there is no older one; the first block says that it is the same chain. */
static void test_behind_all_that_was_seen(void **state)
{
    chain *it = *state;
    GO(it, 100);
    it->head = 99;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "stands at block 99, and block 100 was seen");
    it->history.has_genesis = false;
    it->missing = 0;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "stands at block 99, and block 100 was seen");
    GO(it, 101);
}

/* Two nodes behind one address: one has the newest block, the other one does not know the one before. */
static void test_one_of_two_behind(void **state)
{
    chain *it = *state;
    GO(it, 100);
    it->head = 101;
    it->missing = 100;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "behind");
    it->missing = NOBODY;
    GO(it, 101);
}

/* ---- Reorganisations ---- */

static void test_reorganised(void **state)
{
    static const struct {
        uint64_t from, head;
        size_t common;                         /* of the three blocks that were seen */
    } cases[] = {{120, 120, 2},                /* the newest one only, at the same height */
                 {120, 121, 2},                /* higher */
                 {110, 119, 1},                /* lower, at a block that was not seen */
                 {110, 110, 1},                /* lower, at one that was */
                 {101, 130, 1}, {100, 120, 0}, /* nothing in common but the first block */
                 {50, 105, 0}};
    chain *it = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t numbers[] = {100, 110, 120};
        it->history = (cluster_history){.count = 0};
        memset(it->branch, 1, sizeof it->branch);
        GO(it, 100, 110, 120);
        reorganise(it, cases[i].from, 2, cases[i].head);
        expect_look(it, true);
        numbers[cases[i].common] = cases[i].head;
        expect_known(it, numbers, cases[i].common + 1);
        GO(it, it->head, it->head + 1);
    }
}

/* Each depth of a history without gaps: the fork is found, if not to the block, and nothing wrong is kept. */
static void test_every_depth(void **state)
{
    chain *it = *state;
    for (uint64_t depth = 1; depth <= 130; depth++) {
        it->history = (cluster_history){.count = 0};
        memset(it->branch, 1, sizeof it->branch);
        for (uint64_t number = 300; number <= 430; number++) {
            uint8_t hash32[32];
            put_hash(1, number, hash32);
            cluster_history_add(&it->history, number, hash32);
        }
        reorganise(it, 431 - depth, 2, 431);
        expect_look(it, true);
        for (size_t i = 0; i < it->history.count - 1; i++)
            assert_true(it->history.blocks[i].number < 431 - depth);
        if (depth < 5) assert_int_equal(it->history.count, CLUSTER_HISTORY_MAX - depth + 1);
        if (depth < CLUSTER_HISTORY_MAX) assert_true(it->history.count > 1); /* something is in common */
    }
}

/* A node that answers for two branches at the same height: the state may be of either. */
static void test_two_branches_at_once(void **state)
{
    chain *it = *state;
    GO(it, 99, 100);
    it->latest_branch = 2;
    expect_look(it, true);
}

/* What a look found out is not lost with it: the next one says so, too. */
static void test_reorganised_and_then_refused(void **state)
{
    chain *it = *state;
    GO(it, 90, 100);
    reorganise(it, 95, 2, 101);
    it->refuses_version = true;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ERROR, "not today");
    it->refuses_version = false;
    expect_look(it, true);
    KNOWN(it, 90, 101);
}

/* ---- Another history ---- */

/* Restarted without its state: lower, at the same height or higher, with and without the contract. */
static void test_other_first_block(void **state)
{
    static const uint64_t heads[] = {0, 5, 99, 100, 105, 110, 500};
    chain *it = *state;
    GO(it, 100, 105, 110);
    for (size_t i = 0; i < COUNT(heads); i++) {
        reorganise(it, 0, 2, heads[i]);
        expect_failure(it, DSTACK_P2P_ERR_WRONG_CHAIN, "another history");
        it->no_contract = !it->no_contract;
        expect_failure(it, DSTACK_P2P_ERR_WRONG_CHAIN, "another history");
    }
    it->no_contract = false;
    reorganise(it, 0, 1, 110);
    GO(it, 110);
}

static void test_other_first_block_right_away(void **state)
{
    chain *it = *state;
    GO(it, 100);
    reorganise(it, 0, 2, 3);
    expect_failure(it, DSTACK_P2P_ERR_WRONG_CHAIN, "the first block is another one");
    assert_true(it->history.has_genesis);
}

/* A node that has dropped its first block: only that nothing recent is left can tell. */
static void test_first_block_dropped(void **state)
{
    chain *it = *state;
    it->missing = 0;
    GO(it, 100, 150);
    assert_false(it->history.has_genesis);
    reorganise(it, 1, 2, 151);
    expect_look(it, true); /* 50 blocks: may be */
    KNOWN(it, 151);
    it->history.count = 0;
    GO(it, 100, 150, 228);
    reorganise(it, 1, 3, 300);
    expect_failure(it, DSTACK_P2P_ERR_WRONG_CHAIN, "none of its last blocks is known");
    it->missing = NOBODY; /* one that comes to know it again */
    reorganise(it, 1, 2, 301);
    expect_look(it, false);
    assert_true(it->history.has_genesis);
}

/* A first block that is refused is asked for again. */
static void test_first_block_refused(void **state)
{
    chain *it = *state;
    it->refused = 0;
    GO(it, 100, 101);
    assert_false(it->history.has_genesis);
    it->refused = NOBODY;
    GO(it, 101);
    assert_true(it->history.has_genesis);
}

/* ---- Errors ---- */

/* No answer about a block is no answer: neither behind, nor reorganised, nor another history. */
static void test_refused_blocks(void **state)
{
    chain *it = *state;
    GO(it, 100, 200, 300);
    it->refused = 300;
    it->head = 301;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ERROR, "not today");
    reorganise(it, 250, 2, 301);
    it->refused = 200;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ERROR, "not today");
    it->refused = NOBODY;
    it->missing = 200;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "no block");
    it->missing = NOBODY;
    expect_look(it, true);
    KNOWN(it, 100, 200, 301);
}

static void test_failures_change_nothing(void **state)
{
    chain *it = *state;
    it->no_contract = true;
    expect_failure(it, DSTACK_P2P_ERR_NO_CONTRACT, CONTRACT);
    it->no_contract = false;
    GO(it, 100);
    it->refuses_version = true;
    it->head = 101;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ERROR, "not today");
    it->refuses_version = false;
    GO(it, 101);
    KNOWN(it, 100, 101);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_forward),
        TEST(test_same_block),
        TEST(test_from_the_first_block),
        TEST(test_behind),
        TEST(test_behind_all_that_was_seen),
        TEST(test_one_of_two_behind),
        TEST(test_reorganised),
        TEST(test_every_depth),
        TEST(test_two_branches_at_once),
        TEST(test_reorganised_and_then_refused),
        TEST(test_other_first_block),
        TEST(test_other_first_block_right_away),
        TEST(test_first_block_dropped),
        TEST(test_first_block_refused),
        TEST(test_refused_blocks),
        TEST(test_failures_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
