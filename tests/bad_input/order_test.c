/* SPDX-License-Identifier: MIT */

/* What an operator has done, with a node that refuses, loses, doubts, reverts or is another one. */

#include "bad_input/world.h"
#include "base/hex.h"
#include "cluster/order.h"
#include "eth/key.h"
#include "unit.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* anvil's third account */
#define KEY     "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
#define ADDRESS "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
#define REFUSAL                                                                                                \
    "0x118cdaa70000000000000000000000003c44cdddb6a900fa2b585dd299e03d12fa4293bc" /* OwnableUnauthorizedAccount \
                                                                                  */

enum { MANY = 50 };

/* What each of a test's orders calls. */
static base_buf data;

/* Orders and all that comes of them. */
typedef struct scene {
    world *w;
    cluster_order orders[MANY];
    size_t count;
    cluster_quote quote;
    cluster_outcome outcomes[MANY];
    base_error error;
    size_t told, last_done, news_told;
    bool gets_cheaper; /* gas does, once it is told that it is too dear */
    char news[BASE_ERROR_TEXT + 64];
} scene;

static scene open_scene(world *w, size_t count)
{
    scene it = {.w = w, .count = count};
    w->options.private_key = KEY;
    world_open(w, FAKE_CONTRACT, URL);
    base_buf_free(&data);
    data = base_buf_make(64);
    base_buf_append(&data, "\x12\x34\x56\x78", 4);
    return it;
}

static int close_world(void **state)
{
    base_buf_free(&data);
    return world_unmake(state);
}

static void fill_in(scene *it)
{
    for (size_t i = 0; i < it->count; i++) {
        it->orders[i] = (cluster_order){.what = "setDevMode", .data = &data};
        assert_true(eth_address_parse(FAKE_CONTRACT, it->orders[i].to20));
    }
}

static int ask(scene *it)
{
    base_error_clear(&it->error);
    return cluster_quote_orders(it->w->sdk, it->orders, it->count, NULL, &it->quote, &it->error);
}

static void tell(void *context, size_t done, size_t count, const char *news)
{
    scene *it = context;
    assert_int_equal(count, it->count);
    if (news) {
        snprintf(it->news, sizeof it->news, "%s", news);
        it->news_told++;
        if (it->gets_cheaper) world_node(it->w)->base_fee = 1000000000;
        return;
    }
    assert_int_equal(done, it->last_done + 1);
    it->last_done = done;
    it->told++;
}

static int send_all(scene *it)
{
    base_error_clear(&it->error);
    return cluster_send_orders(it->w->sdk, it->orders, it->count, &it->quote, it->outcomes, tell, it,
                               &it->error);
}

/* A scene whose orders are quoted already. */
#define SCENE(name, state, number)                                                                           \
    scene name = open_scene(*(state), number);                                                               \
    fill_in(&name);                                                                                          \
    ask(&name);                                                                                              \
    expect_ok(&name.error)

static void expect_states(const scene *it, size_t first, size_t count, cluster_order_state state)
{
    for (size_t i = first; i < first + count; i++)
        if (it->outcomes[i].state != state) fail_msg("%zu: state %d", i, it->outcomes[i].state);
}

static void expect_all_done(scene *it)
{
    send_all(it);
    expect_ok(&it->error);
    expect_states(it, 0, it->count, CLUSTER_ORDER_DONE);
    assert_int_equal(it->told, it->count);
    assert_int_equal(it->news_told, 0);
    for (size_t i = 0; i < it->count; i++)
        assert_true(it->outcomes[i].nonce == it->outcomes[0].nonce + i && it->outcomes[i].block_number > 0 &&
                    it->outcomes[i].gas_used == 100000 && it->outcomes[i].cost == (eth_wei)200000000000000);
}

static void expect_hash(const scene *it, size_t number)
{
    char hash[65];
    base_hex_encode(it->outcomes[number].hash32, 32, hash);
    if (!strstr(it->error.text, hash)) fail_msg("no hash in: %s", it->error.text);
}

static void break_rule(world *w, size_t number, fake_rule rule)
{
    fake_node_lock(w->node)->rules[number] = rule;
    fake_node_unlock(w->node);
}

/* What is sent is refused with these words; `rule` says when. */
static void refuse_sent(world *w, size_t number, const char *words, fake_rule rule)
{
    rule.method = "eth_sendRawTransaction";
    rule.code = -32000;
    rule.message = words;
    break_rule(w, number, rule);
}

/* ---- Quotes ---- */

static void adds_up(void **state)
{
    SCENE(it, state, 3);
    it.orders[1].gas = 40000;
    it.orders[1].value = 5;
    ask(&it);
    expect_ok(&it.error);
    assert_string_equal(it.quote.from, ADDRESS);
    assert_int_equal(it.quote.chain_id, FAKE_CHAIN_ID);
    assert_int_equal(it.quote.nonce, 7);
    assert_int_equal(it.quote.gas, 240000);
    assert_int_equal(it.quote.gas_limits[0], 125000);
    assert_int_equal(it.quote.gas_limits[1], 50000);
    assert_true(it.quote.value == 5);
    assert_true(it.quote.max_fee == 3000000000 && it.quote.max_priority_fee == 1000000000);
    assert_true(it.quote.expected == (eth_wei)240000 * 2000000000 + 5);
    assert_true(it.quote.most == (eth_wei)300000 * 3000000000 + 5);
    assert_true(it.quote.balance == 1000000000000000000);
    assert_sends(it.w, 0);
}

static void asks_in_several_batches(void **state)
{
    SCENE(it, state, MANY);
    assert_int_equal(it.quote.gas, MANY * 100000);
    data.max = CLUSTER_ORDER_DATA_MAX; /* as large as it gets: six of them are a request */
    while (data.len < CLUSTER_ORDER_DATA_MAX)
        base_buf_append(&data, "", 1);
    ask(&it);
    expect_ok(&it.error);
    assert_int_equal(it.quote.gas_limits[MANY - 1], 125000);
}

static void gas_is_limited_to_what_ethereum_takes(void **state)
{
    SCENE(it, state, 1);
    it.w->options.max_fee_per_day = UINT64_MAX;
    it.orders[0].gas = 15000000;
    ask(&it);
    assert_int_equal(it.quote.gas_limits[0], 1 << 24);
    it.orders[0].gas = 20000000; /* another chain */
    ask(&it);
    assert_int_equal(it.quote.gas_limits[0], 25000000);
}

/* More than was estimated, since what it does depends on when: counted in what it costs at most. */
static void gas_is_no_less_than_an_order_may_take(void **state)
{
    SCENE(it, state, 2);
    it.orders[0].least_limit = 900000;
    it.orders[1].least_limit = 30000;
    ask(&it);
    expect_ok(&it.error);
    assert_int_equal(it.quote.gas, 200000);
    assert_int_equal(it.quote.gas_limits[0], 900000);
    assert_int_equal(it.quote.gas_limits[1], 125000);
    assert_true(it.quote.most == (eth_wei)1025000 * 3000000000);
}

static void refused_by_the_contract(void **state)
{
    SCENE(it, state, 3);
    break_rule(it.w, 0,
               (fake_rule){.method = "eth_estimateGas",
                           .skips = 1,
                           .code = 3,
                           .message = "execution reverted",
                           .data = REFUSAL});
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NOT_AUTHORISED,
                 "setDevMode: the contract refused: OwnableUnauthorizedAccount (account " ADDRESS ")");
}

static void refused_without_a_word(void **state)
{
    SCENE(it, state, 1);
    break_rule(it.w, 0,
               (fake_rule){.method = "eth_estimateGas", .code = -32000, .message = "execution reverted"});
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_OTHER_CONTRACT, "setDevMode: the contract does not answer as");
    it.orders[0].value = 1;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_REVERTED, "setDevMode: the contract refused");
}

static void estimates_that_are_none(void **state)
{
    static const char *const answers[] = {"\"0x\"", "null", "5", "\"0x5207\"", "\"0xffffffffffffffff\""};
    SCENE(it, state, 1);
    for (size_t i = 0; i < COUNT(answers); i++) {
        break_rule(it.w, 0, (fake_rule){.method = "eth_estimateGas", .result = answers[i]});
        ask(&it);
        expect_error(&it.error, DSTACK_P2P_ERR_RPC_ANSWER, "setDevMode: the estimate of its gas");
    }
}

static void nothing_at_the_address(void **state)
{
    SCENE(it, state, 1);
    world_node(it.w)->no_code = true;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NO_CONTRACT, FAKE_CONTRACT ": no contract answers");
    it.orders[0].data = NULL; /* a payment */
    it.orders[0].value = 1;
    ask(&it);
    expect_ok(&it.error);
    break_rule(it.w, 0, (fake_rule){.method = "eth_getCode", .result = "7"});
    it.orders[0].data = &data;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_RPC_ANSWER, "eth_getCode");
}

/* Each address is looked at, not the first one alone. */
static void nothing_at_one_of_the_addresses(void **state)
{
    SCENE(it, state, 3);
    it.orders[1].to20[0] ^= 1;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NO_CONTRACT,
                 "0x5ebdB2315678afEcb367F032d93f642F64180Aa3: no contract");
}

/* A contract and its first call at once: the call's gas is to be given. */
static void created_first(void **state)
{
    SCENE(it, state, 2);
    world_node(it.w)->no_code = true;
    it.orders[0].creates = true;
    assert_true(cluster_created_address(it.quote.from20, 7, it.orders[1].to20));
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "is not there yet");
    it.orders[1].gas = 90000;
    ask(&it);
    expect_ok(&it.error);
    expect_all_done(&it);
    it.told = it.last_done = 0;
    send_all(&it); /* with the old quote: its nonces are used */
    expect_error(&it.error, DSTACK_P2P_ERR_STATE, "would get another address; nothing was sent");
    assert_int_equal(world_node(it.w)->taken, 2);
}

/* Also where nothing calls it: its address was told to somebody. */
static void created_elsewhere(void **state)
{
    SCENE(it, state, 1);
    it.orders[0].creates = true;
    assert_true(cluster_created_address(it.quote.from20, 8, it.orders[0].created20));
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_STATE, "would get another address; nothing was sent");
    assert_true(cluster_created_address(it.quote.from20, 7, it.orders[0].created20));
    ask(&it);
    expect_ok(&it.error);
    expect_all_done(&it);
    it.told = it.last_done = 0;
    send_all(&it); /* its nonce is used */
    expect_error(&it.error, DSTACK_P2P_ERR_STATE, "would get another address; nothing was sent");
    assert_int_equal(world_node(it.w)->taken, 1);
}

static void arguments_that_are_none(void **state)
{
    SCENE(it, state, 1);
    it.count = 0;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "0 transactions at once: 1 to 256");
    it.count = 1;
    it.orders[0].data = NULL;
    it.orders[0].creates = true;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "no code to create a contract with");
    base_buf large = base_buf_make(CLUSTER_ORDER_DATA_MAX + 1);
    assert_non_null(base_buf_extend(&large, CLUSTER_ORDER_DATA_MAX + 1));
    it.orders[0].data = &large;
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "65537 bytes of data, more than 65536");
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "65537 bytes of data");
    base_buf_free(&large);
}

static void no_key(void **state)
{
    SCENE(it, state, 1);
    it.w->options.private_key = NULL;
    world_open(it.w, FAKE_CONTRACT, URL);
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_PRIVATE_KEY, "set PRIVATE_KEY_FILE or PRIVATE_KEY");
    uint8_t someone[20] = {1};
    cluster_quote_orders(it.w->sdk, it.orders, 1, someone, &it.quote, &it.error);
    expect_ok(&it.error);
    assert_string_equal(it.quote.from, "0x0100000000000000000000000000000000000000");
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_PRIVATE_KEY, "no private key");
    it.w->options.private_key = KEY;
    world_open(it.w, FAKE_CONTRACT, URL);
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_PRIVATE_KEY, "is not that of 0x0100");
    assert_sends(it.w, 0);
}

static void malformed_configuration(void **state)
{
    SCENE(it, state, 1);
    it.w->options.rpc_url = "ftp://x";
    world_open(it.w, FAKE_CONTRACT, URL);
    ask(&it);
    assert_int_equal(it.error.code, it.w->sdk->config_error.code);
    assert_int_not_equal(it.error.code, 0);
    send_all(&it);
    assert_int_equal(it.error.code, it.w->sdk->config_error.code);
}

/* ---- What may be spent ---- */

/* The quote is whole all the same; and with such a quote nothing is sent. */
static void expect_too_much(scene *it, int code, const char *words)
{
    base_error again;
    ask(it);
    again = it->error;
    expect_error(&it->error, code, words);
    assert_true(it->quote.most > 0 && it->quote.expected > 0 && it->quote.gas == 100000 * it->count);
    send_all(it);
    assert_string_equal(it->error.text, again.text);
    assert_int_equal(it->error.code, code);
    assert_sends(it->w, 0);
}

static void fee_ceiling(void **state)
{
    scene it = open_scene(*state, 2);
    fill_in(&it);
    it.w->options.max_fee_per_gas = 1500000000;
    world_open(it.w, FAKE_CONTRACT, URL);
    expect_too_much(&it, DSTACK_P2P_ERR_FEE_CEILING,
                    "up to 3 gwei per gas, more than the ceiling of 1.5 gwei (max_fee_per_gas)");
    it.w->options.max_fee_per_gas = 2500000000; /* enough for now */
    world_open(it.w, FAKE_CONTRACT, URL);
    ask(&it);
    expect_ok(&it.error);
    assert_true(it.quote.max_fee == 2500000000);
}

static void spend_ceiling(void **state)
{
    scene it = open_scene(*state, 10);
    fill_in(&it);
    it.w->options.max_fee_per_day = UINT64_C(3000000000000000);
    world_open(it.w, FAKE_CONTRACT, URL);
    expect_too_much(&it, DSTACK_P2P_ERR_SPEND_CEILING,
                    "can cost 0.00375 ether altogether, more than the ceiling of 0.003 ether "
                    "(max_fee_per_day); raise it");
}

static void no_funds(void **state)
{
    scene it = open_scene(*state, 1);
    fill_in(&it);
    world_node(it.w)->balance = 374999999999999;
    expect_too_much(&it, DSTACK_P2P_ERR_NO_FUNDS,
                    "the paying account " ADDRESS
                    " has 0.000374999999999999 ether, and needs up to 0.000375 ether; fund it");
    world_node(it.w)->balance++;
    ask(&it);
    expect_ok(&it.error);
    break_rule(it.w, 0,
               (fake_rule){.method = "eth_estimateGas",
                           .code = -32000,
                           .message = "insufficient funds for transfer"});
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NO_FUNDS,
                 "setDevMode: the paying account " ADDRESS " has 0.000375");
}

/* ---- Sending ---- */

static void many_in_several_batches(void **state)
{
    SCENE(it, state, MANY);
    expect_all_done(&it);
    assert_sends(it.w, MANY);
    assert_int_equal(world_node(it.w)->nonce, 7 + MANY);
}

/* A file of the wallet's in the state directory. */
static int open_wallet(const world *w)
{
    char path[128], payer[] = ADDRESS;
    for (char *at = payer; *at; at++)
        *at = (char)tolower(*at);
    snprintf(path, sizeof path, "%s/%d-%s.wallet", w->state_dir, FAKE_CHAIN_ID, payer + 2);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* Others that come later know by it which nonces are used. */
static void wallet_is_marked(void **state)
{
    char text[32] = "";
    SCENE(it, state, 25);
    expect_all_done(&it);
    int fd = open_wallet(it.w);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    assert_int_equal(strtoull(text, NULL, 10), 7 + 25);
}

static void wallet_is_busy(void **state)
{
    SCENE(it, state, 2);
    int fd = open_wallet(it.w);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_SYSTEM, "have kept the wallet " ADDRESS " busy for 700 ms");
    assert_sends(it.w, 0);
    close(fd);
    expect_all_done(&it);
}

static void batches_refused(void **state)
{
    SCENE(it, state, 30);
    world_node(it.w)->fault = NODE_NO_BATCHES;
    expect_all_done(&it);
    assert_int_equal(world_node(it.w)->taken, 30);
}

static void nonce_used_by_others(void **state)
{
    SCENE(it, state, 3);
    world_node(it.w)->nonce = world_node(it.w)->mined_nonce = 9;
    expect_all_done(&it);
    assert_int_equal(it.outcomes[0].nonce, 9);
    assert_sends(it.w, 3);
}

/* Others are there first between the look and the sending. */
static void overtaken(void **state)
{
    static const char *const words[] = {"nonce too low: next nonce 8, tx nonce 7",
                                        "replacement transaction underpriced"};
    for (size_t i = 0; i < COUNT(words); i++) {
        SCENE(it, state, 2);
        refuse_sent(it.w, 0, words[i], (fake_rule){.times = 1});
        world_node(it.w)->taken = world_node(it.w)->sends = 0;
        expect_all_done(&it);
        assert_sends(it.w, 3);
        refuse_sent(it.w, 0, words[i], (fake_rule){0});
        send_all(&it);
        expect_error(&it.error, DSTACK_P2P_ERR_RPC_ERROR, words[i]);
        expect_states(&it, 0, 2, CLUSTER_ORDER_NOT_SENT);
        assert_sends(it.w, 5);
    }
}

/* A payment is not signed for another nonce: the node could keep both. */
static void a_payment_is_not_repeated(void **state)
{
    SCENE(it, state, 2);
    it.orders[0].value = 1;
    refuse_sent(it.w, 0, "nonce too low", (fake_rule){.times = 1});
    world_node(it.w)->taken = world_node(it.w)->sends = 0;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_RPC_ERROR, "nonce too low");
    expect_states(&it, 0, 2, CLUSTER_ORDER_NOT_SENT);
    assert_sends(it.w, 1);
}

static void already_known(void **state)
{
    SCENE(it, state, 3);
    refuse_sent(it.w, 0, "already known", (fake_rule){.obeys = true});
    expect_all_done(&it);
    assert_sends(it.w, 3);
}

/* The answer is lost and the node has it; it is asked once more, and waited for. */
static void answer_is_lost(void **state)
{
    static const node_fault faults[] = {NODE_SLOW, NODE_HALF, NODE_HTML, NODE_502, NODE_BROKEN_JSON};
    for (size_t i = 0; i < COUNT(faults); i++) {
        world *w = *state;
        w->options.rpc_timeout_ms = faults[i] == NODE_SLOW ? 200 : 20000;
        SCENE(it, state, 25);
        fake_node_state *node = world_node(w);
        node->has_pool = true;
        node->taken = 0;
        node->fault = faults[i];
        node->fault_times = 1;
        node->fault_method = "eth_sendRawTransaction";
        expect_all_done(&it);
        assert_int_equal(node->taken, 25);
    }
}

static void every_answer_is_lost(void **state)
{
    world *w = *state;
    w->options.rpc_timeout_ms = 200;
    SCENE(it, state, 25);
    fake_node_state *node = world_node(w);
    node->has_pool = true;
    node->fault = NODE_SLOW;
    node->fault_method = "eth_sendRawTransaction";
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_RPC_TIMEOUT, "1 of 25 transactions were sent");
    expect_states(&it, 0, 1, CLUSTER_ORDER_DONE);
    expect_states(&it, 1, 24, CLUSTER_ORDER_NOT_SENT);
}

/* One endpoint has it and does not say so; the next one, asked for the same, finds the nonce used. */
static void another_endpoint_answers(void **state)
{
    world *w = *state;
    char urls[256];
    fake_node *mute = fake_node_start();
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(mute), fake_node_url(w->node));
    w->options.rpc_url = urls;
    SCENE(it, state, 2);
    it.orders[0].value = 1;
    ask(&it);
    expect_ok(&it.error);
    fake_node_state *other = fake_node_lock(mute);
    other->fault = NODE_502;
    other->fault_method = "eth_sendRawTransaction";
    fake_node_unlock(mute);
    refuse_sent(w, 0, "nonce too low", (fake_rule){.times = 1, .obeys = true});
    expect_all_done(&it);
    assert_int_equal(it.outcomes[0].nonce, 7);
    assert_int_equal(world_node(w)->taken, 2);
    fake_node_stop(mute);
}

static void node_is_gone(void **state)
{
    SCENE(it, state, 2);
    world *w = it.w;
    w->options.rpc_url = "http://127.0.0.1:1";
    w->options.rpc_timeout_ms = 300;
    world_open(w, FAKE_CONTRACT, URL);
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_RPC_UNREACHABLE, "127.0.0.1:1");
    expect_states(&it, 0, 2, CLUSTER_ORDER_NOT_SENT);
}

static void refused_by_the_node(void **state)
{
    static const struct {
        const char *message, *words;
        int code;
    } cases[] = {{"insufficient funds for gas * price + value", "the node says that " ADDRESS " cannot pay",
                  DSTACK_P2P_ERR_NO_FUNDS},
                 {"intrinsic gas too low", "setDevMode: the node refused", DSTACK_P2P_ERR_RPC_ERROR},
                 {"the method eth_sendRawTransaction does not exist", "the node takes no transactions",
                  DSTACK_P2P_ERR_RPC_ERROR}};
    SCENE(it, state, 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        refuse_sent(it.w, 0, cases[i].message, (fake_rule){0});
        send_all(&it);
        expect_error(&it.error, cases[i].code, cases[i].words);
        expect_states(&it, 0, 2, CLUSTER_ORDER_NOT_SENT);
        assert_int_equal(world_node(it.w)->taken, 0);
    }
}

/* For a moment only: it is sent again, before those behind it wait for its nonce. */
static void refused_once_in_the_middle(void **state)
{
    SCENE(it, state, 10);
    refuse_sent(it.w, 0, "txpool is full", (fake_rule){.skips = 5, .times = 1});
    expect_all_done(&it);
    assert_sends(it.w, 11);
}

/* For good: what is behind it is told. */
static void refused_in_the_middle(void **state)
{
    SCENE(it, state, 30);
    refuse_sent(it.w, 0, "txpool is full", (fake_rule){.skips = 5, .times = 1});
    refuse_sent(it.w, 1, "txpool is full", (fake_rule){.skips = 17});
    send_all(&it);
    expect_error(
        &it.error, DSTACK_P2P_ERR_RPC_ERROR,
        "txpool is full (code -32000); 17 of 30 transactions were sent; 12 of them wait in the node's "
        "pool until nonce 12 is used");
    expect_states(&it, 0, 5, CLUSTER_ORDER_DONE);
    expect_states(&it, 5, 1, CLUSTER_ORDER_NOT_SENT);
    expect_states(&it, 6, 12, CLUSTER_ORDER_UNCONFIRMED);
    expect_states(&it, 18, 12, CLUSTER_ORDER_NOT_SENT);
}

static void wrong_chain(void **state)
{
    SCENE(it, state, 2);
    world_node(it.w)->chain_id = 1;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 1, not on chain 31337");
    world_open(it.w, FAKE_CONTRACT, URL); /* one that has not heard of the other chain */
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 1, not on chain 31337");
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_WRONG_CHAIN, "chain 1"); /* pinned by the quote */
    world_open(it.w, FAKE_CONTRACT, URL);
    ask(&it);
    expect_ok(&it.error);
    assert_int_equal(it.quote.chain_id, 1);
    it.quote.chain_id = FAKE_CHAIN_ID;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_WRONG_CHAIN, "the quote is for chain 31337");
    assert_sends(it.w, 0);
}

/* ---- Waiting ---- */

static void reverted(void **state)
{
    SCENE(it, state, 3);
    world_node(it.w)->outcome = NODE_REVERTED;
    break_rule(
        it.w, 0,
        (fake_rule){.method = "eth_call", .code = 3, .message = "execution reverted", .data = REFUSAL});
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NOT_AUTHORISED,
                 "setDevMode: the contract refused: OwnableUnauthorizedAccount");
    expect_states(&it, 0, 3, CLUSTER_ORDER_REFUSED);
    assert_int_equal(it.told, 3);
    break_rule(it.w, 0, (fake_rule){.method = "eth_call", .result = "\"0x\""});
    it.last_done = 0;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_REVERTED,
                 "setDevMode failed in block 1006 (100000 of 125000 gas used)");
    it.last_done = 0;
    world_node(it.w)->gas_used = 125000;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_REVERTED, "it used all of its gas");
}

static void never_mined(void **state)
{
    SCENE(it, state, 2);
    world_node(it.w)->outcome = NODE_NEVER_MINED;
    send_all(&it);
    expect_hash(&it, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED,
                 "may have been sent, and 1 after it, but it is in no block yet; see what became of it");
    expect_states(&it, 0, 2, CLUSTER_ORDER_UNCONFIRMED);
    assert_int_equal(it.told, 0);
}

static void receipts_not_believed(void **state)
{
    static const node_outcome outcomes[] = {NODE_OTHER_RECEIPT, NODE_BAD_RECEIPT};
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        SCENE(it, state, 1);
        world_node(it.w)->outcome = outcomes[i];
        send_all(&it);
        expect_hash(&it, 0);
        expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "receipt is malformed");
    }
}

static void node_goes_away_while_waiting(void **state)
{
    world *w = *state;
    w->options.rpc_timeout_ms = 300;
    SCENE(it, state, 2);
    fake_node_state *node = world_node(w);
    node->fault = NODE_502;
    node->fault_method = "eth_getTransactionReceipt";
    send_all(&it);
    expect_hash(&it, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "HTTP 502");
}

/* The time is each one's: three of them may take longer than one. */
static void each_has_its_time(void **state)
{
    world *w = *state;
    w->hurries = true;
    w->options.confirm_timeout_ms = 5000;
    SCENE(it, state, 3);
    break_rule(w, 0,
               (fake_rule){.method = "eth_getTransactionReceipt", .skips = 1, .times = 12, .result = "null"});
    break_rule(w, 1,
               (fake_rule){.method = "eth_getTransactionReceipt", .skips = 2, .times = 7, .result = "null"});
    fake_clock_forget(&w->clock);
    expect_all_done(&it);
    assert_int_equal(w->clock.skipped, 2 * (100 + 200 + 400 + 800 + 1600) + 2000);
}

static void *cancel_when_sent(void *context)
{
    scene *it = context;
    for (bool sent = false; !sent;) {
        sent = fake_node_lock(it->w->node)->sends > 0;
        fake_node_unlock(it->w->node);
        usleep(1000);
    }
    dstack_p2p_cancel(it->w->sdk);
    return NULL;
}

/* The node has the first one, and does not say so. */
static void cancelled_while_sending(void **state)
{
    pthread_t thread;
    world *w = *state;
    w->options.confirm_timeout_ms = 60000;
    SCENE(it, state, 2);
    world_node(w)->fault = NODE_SLOW;
    world_node(w)->fault_method = "eth_sendRawTransaction";
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_sent, &it), 0);
    uint64_t start = now_ms();
    send_all(&it);
    assert_true(now_ms() - start < 10000);
    pthread_join(thread, NULL);
    expect_hash(&it, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "waiting for it was cancelled");
    expect_states(&it, 1, 1, CLUSTER_ORDER_NOT_SENT);
}

static void *cancel_soon(void *context)
{
    scene *it = context;
    for (bool asked = false; !asked;) {
        asked = fake_node_lock(it->w->node)->receipts_asked > 2;
        fake_node_unlock(it->w->node);
        usleep(1000);
    }
    dstack_p2p_cancel(it->w->sdk);
    return NULL;
}

static void cancelled_while_waiting(void **state)
{
    pthread_t thread;
    world *w = *state;
    w->options.confirm_timeout_ms = 60000;
    SCENE(it, state, 2);
    world_node(w)->outcome = NODE_NEVER_MINED;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &it), 0);
    uint64_t start = now_ms();
    send_all(&it);
    assert_true(now_ms() - start < 10000);
    pthread_join(thread, NULL);
    expect_hash(&it, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "waiting for it was cancelled");
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_CANCELLED, "nothing was sent");
    expect_states(&it, 0, 2, CLUSTER_ORDER_NOT_SENT);
}

/* ---- Fees that are too low ---- */

#define GWEI UINT64_C(1000000000)

static void hurry(world *w)
{
    w->hurries = true;
    w->options.confirm_timeout_ms = 60000;
}

/* A node with a real one's pool, and three blocks without us whenever one looks. */
static fake_node_state *be_slow(world *w)
{
    fake_node_state *node = world_node(w);
    node->has_pool = true;
    node->blocks_while_pending = 3;
    node->gas_price = 1 * GWEI;
    return node;
}

static void replaced_until_all_are_mined(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 3);
    be_slow(w)->mines_from_fee = 4 * GWEI; /* 3, 3.375, 3.797, 4.271 */
    send_all(&it);
    expect_ok(&it.error);
    expect_states(&it, 0, 3, CLUSTER_ORDER_DONE);
    const fake_node_state *node = world_node(w);
    assert_int_equal(node->taken, 12);
    for (size_t i = 0; i < node->taken; i++) {
        assert_int_equal(node->took[i].nonce, it.outcomes[0].nonce + i % 3);
        if (i > 2) assert_true(8 * node->took[i].max_fee >= 9 * node->took[i - 3].max_fee);
        if (i > 2) assert_true(8 * node->took[i].tip >= 9 * node->took[i - 3].tip);
    }
    assert_int_equal(it.news_told, 3);
    assert_string_equal(it.news, "in none of 3 blocks: replaced with higher fees, up to 3.796875002 gwei -> "
                                 "4.271484378 gwei per gas");
}

/* Whichever of them is mined, it is found; and five replace it at most. */
static void earlier_version_is_mined(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 1);
    be_slow(w)->mines_first_at = 3;
    send_all(&it);
    expect_ok(&it.error);
    assert_int_equal(world_node(w)->taken, 3);
    assert_int_equal(it.outcomes[0].replaced, 2);
    assert_memory_equal(it.outcomes[0].hash32, it.outcomes[0].replaced32[0], 32);
}

static void replaced_five_times_at_most(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 1);
    be_slow(w)->outcome = NODE_NEVER_MINED;
    send_all(&it);
    expect_hash(&it, 0);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    assert_int_equal(world_node(w)->taken, 6);
}

/* A replacement that the node refuses does not make the ones before forgotten. */
static void replacement_is_refused(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 2);
    fake_node_state *node = be_slow(w);
    node->outcome = NODE_NEVER_MINED;
    node->rules[0] =
        (fake_rule){.method = "eth_sendRawTransaction", .code = -32000, .message = "nope", .skips = 2};
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    expect_states(&it, 0, 2, CLUSTER_ORDER_UNCONFIRMED);
    char hash[65];
    const char *first = strstr(w->log, "sending setDevMode: 0x");
    base_hex_encode(it.outcomes[0].hash32, 32, hash);
    assert_memory_equal(strstr(first, "0x") + 2, hash, 64);
    assert_int_equal(it.news_told, 0);
    assert_int_equal(world_node(w)->taken, 2);
}

/* One that seems refused, for an earlier answer is lost and it is mined by now, is found all the same. */
static void replacement_is_mined_unheard(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 1);
    fake_node_state *node = be_slow(w);
    node->mines_from_fee = 32 * GWEI / 10;
    node->rules[0] = (fake_rule){.method = "eth_sendRawTransaction",
                                 .code = -32000,
                                 .message = "nonce too low",
                                 .skips = 1,
                                 .obeys = true};
    send_all(&it);
    expect_ok(&it.error);
    expect_states(&it, 0, 1, CLUSTER_ORDER_DONE);
    assert_int_equal(world_node(w)->taken, 2);
}

/* What has to be mined before is somebody else's: it is told, and ours are not made dearer. */
static void waits_for_an_earlier_one(void **state)
{
    world *w = *state;
    hurry(w);
    SCENE(it, state, 2);
    fake_node_state *node = be_slow(w);
    node->outcome = NODE_NEVER_MINED;
    node->mined_nonce = 5;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED,
                 "in no block yet, nor is nonce 5 of the account, which was sent before");
    assert_int_equal(world_node(w)->taken, 2);
    assert_int_equal(it.news_told, 1);
    assert_string_equal(it.news, "in none of 3 blocks, nor is nonce 5 of " ADDRESS
                                 ", which was sent before and has to come first");
}

static void expect_no_replacement(world *w, size_t count, const char *why)
{
    SCENE(it, &(void *){w}, count);
    be_slow(w)->outcome = NODE_NEVER_MINED;
    send_all(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_UNCONFIRMED, "in no block yet");
    assert_int_equal(world_node(w)->taken, count);
    assert_int_equal(it.news_told, 1);
    if (!strstr(it.news, why) || strstr(it.news, "nothing was sent")) fail_msg("%s", it.news);
}

static void not_replaced_beyond_a_ceiling(void **state)
{
    world *w = *state;
    hurry(w);
    w->options.max_fee_per_gas = 3 * GWEI;
    expect_no_replacement(w, 2,
                          "a replacement takes gas at up to 3.375000001 gwei, more than the ceiling of 3 "
                          "gwei (max_fee_per_gas)");
}

static void not_replaced_beyond_a_tip(void **state)
{
    world *w = *state;
    hurry(w);
    w->options.max_priority_fee_per_gas = 1 * GWEI;
    expect_no_replacement(w, 2, "a tip of 1.125000001 gwei, more than the ceiling of 1 gwei");
}

/* Both together, not each. */
static void not_replaced_beyond_the_spending(void **state)
{
    world *w = *state;
    hurry(w);
    w->options.max_fee_per_day = 800000 * GWEI; /* the two can cost 750,000 gwei */
    expect_no_replacement(w, 2, "(max_fee_per_day)");
}

/* A ceiling is not in the way for ever. */
static void replaced_when_gas_is_cheaper(void **state)
{
    world *w = *state;
    hurry(w);
    w->options.max_fee_per_gas = 4 * GWEI;
    SCENE(it, state, 1);
    fake_node_state *node = be_slow(w);
    node->mines_from_fee = 32 * GWEI / 10;
    node->base_fee = 5 * GWEI;
    it.gets_cheaper = true;
    send_all(&it);
    expect_ok(&it.error);
    assert_int_equal(world_node(w)->taken, 2);
    assert_int_equal(it.news_told, 2);
    assert_string_equal(it.news, "in none of 3 blocks: replaced with higher fees, up to 3 gwei -> "
                                 "3.375000001 gwei per gas");
}

/* ---- The key ---- */

static void key_is_not_told(void **state)
{
    SCENE(it, state, 2);
    expect_all_done(&it);
    assert_secret_kept(it.w, &KEY[2]);
    assert_logged(it.w, "sending setDevMode: 0x");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, close_world)
    const struct CMUnitTest tests[] = {TEST(adds_up),
                                       TEST(asks_in_several_batches),
                                       TEST(gas_is_limited_to_what_ethereum_takes),
                                       TEST(gas_is_no_less_than_an_order_may_take),
                                       TEST(refused_by_the_contract),
                                       TEST(refused_without_a_word),
                                       TEST(estimates_that_are_none),
                                       TEST(nothing_at_the_address),
                                       TEST(nothing_at_one_of_the_addresses),
                                       TEST(created_first),
                                       TEST(created_elsewhere),
                                       TEST(arguments_that_are_none),
                                       TEST(no_key),
                                       TEST(malformed_configuration),
                                       TEST(fee_ceiling),
                                       TEST(spend_ceiling),
                                       TEST(no_funds),
                                       TEST(many_in_several_batches),
                                       TEST(wallet_is_marked),
                                       TEST(wallet_is_busy),
                                       TEST(batches_refused),
                                       TEST(nonce_used_by_others),
                                       TEST(overtaken),
                                       TEST(a_payment_is_not_repeated),
                                       TEST(already_known),
                                       TEST(answer_is_lost),
                                       TEST(every_answer_is_lost),
                                       TEST(another_endpoint_answers),
                                       TEST(node_is_gone),
                                       TEST(refused_by_the_node),
                                       TEST(refused_once_in_the_middle),
                                       TEST(refused_in_the_middle),
                                       TEST(wrong_chain),
                                       TEST(reverted),
                                       TEST(never_mined),
                                       TEST(receipts_not_believed),
                                       TEST(node_goes_away_while_waiting),
                                       TEST(each_has_its_time),
                                       TEST(cancelled_while_sending),
                                       TEST(cancelled_while_waiting),
                                       TEST(replaced_until_all_are_mined),
                                       TEST(earlier_version_is_mined),
                                       TEST(replaced_five_times_at_most),
                                       TEST(replacement_is_refused),
                                       TEST(replacement_is_mined_unheard),
                                       TEST(waits_for_an_earlier_one),
                                       TEST(not_replaced_beyond_a_ceiling),
                                       TEST(not_replaced_beyond_a_tip),
                                       TEST(not_replaced_beyond_the_spending),
                                       TEST(replaced_when_gas_is_cheaper),
                                       TEST(key_is_not_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
