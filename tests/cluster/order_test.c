/* SPDX-License-Identifier: MIT */
#include "base/hex.h"
#include "cluster/order.h"
#include "eth/key.h"
#include "fixture.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* What an operator has done, on a real node with the real contract. */

/* anvil's third and fourth accounts */
#define KEY           "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
#define ADDRESS       "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
#define OTHER_KEY     "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"
#define OTHER_ADDRESS "0x90F79bf6EB2c4f870365E785982E1f101E93b906"

enum { CROWD = 30, ORDERS = 64, DATA = 64 * 1024, MINT_GAS = 200000 };

/* An operator at work. */
typedef struct operator
{
    dstack_p2p *sdk;
    base_buf data[ORDERS];
    cluster_order orders[ORDERS];
    size_t count;
    cluster_quote quote;
    cluster_outcome outcomes[ORDERS];
    base_error error;
    size_t told;
}
operator;

static void open_operator(operator* it, const world *w, const char *contract, const char *key)
{
    node_options node;
    memset(it, 0, sizeof *it);
    node_defaults(w, "", &node);
    node.options.private_key = key;
    it->sdk = dstack_p2p_new_with_options(contract, NULL, &node.options);
    assert_non_null(it->sdk);
    expect_code(it->sdk, DSTACK_P2P_OK, "");
}

static void forget_orders(operator* it)
{
    for (size_t i = 0; i < it->count; i++)
        base_buf_free(&it->data[i]);
    it->count = it->told = 0;
    base_error_clear(&it->error);
}

static void close_operator(operator* it)
{
    forget_orders(it);
    dstack_p2p_free(it->sdk);
}

static cluster_order *add(operator* it, const char *what)
{
    assert_true(it->count < ORDERS);
    it->data[it->count] = base_buf_make(DATA);
    cluster_order *order = &it->orders[it->count];
    *order = (cluster_order){.what = what, .data = &it->data[it->count]};
    it->count++;
    return order;
}

static cluster_order *add_call(operator* it, const uint8_t to20[20], const char *what, uint32_t selector,
                               const eth_abi_arg *args, size_t count)
{
    cluster_order *order = add(it, what);
    memcpy(order->to20, to20, 20);
    eth_abi_encode_call(&it->data[it->count - 1], selector, args, count);
    return order;
}

static cluster_order *add_mint(operator* it, const uint8_t to20[20], unsigned number)
{
    char id[41];
    uint8_t holder[20];
    snprintf(id, sizeof id, "%040x", number + 1);
    assert_true(eth_address_parse(ADDRESS, holder));
    const eth_abi_arg args[] = {{.address20 = holder}, {.data = id, .len = 40}};
    return add_call(it, to20, "mintNodeAccess", CONTRACT_SEL_MINT_NODE_ACCESS, args, 2);
}

static void tell(void *context, size_t done, size_t count, const char *news)
{
    operator* it = context;
    assert_null(news);
    assert_int_equal(count, it->count);
    assert_int_equal(done, ++it->told);
}

static int ask(operator* it)
{
    return cluster_quote_orders(it->sdk, it->orders, it->count, NULL, &it->quote, &it->error);
}

static int carry_out(operator* it)
{
    return cluster_send_orders(it->sdk, it->orders, it->count, &it->quote, it->outcomes, tell, it,
                               &it->error);
}

static void expect_done(operator* it)
{
    eth_wei cost = it->quote.value;
    if (!ask(it)) carry_out(it);
    expect_ok(&it->error);
    assert_int_equal(it->told, it->count);
    for (size_t i = 0; i < it->count; i++) {
        assert_int_equal(it->outcomes[i].state, CLUSTER_ORDER_DONE);
        cost = eth_wei_add(cost, it->outcomes[i].cost);
    }
    assert_true(cost <= it->quote.most && cost > 0);
}

/* The contract, and a first setting of it, at once. */
static void deploy(operator* it, const world *w, uint8_t contract20[20])
{
    uint8_t app[20], root[32] = {0};
    cluster_order *creation = add(it, "deploy");
    creation->creates = true;
    size_t len;
    uint8_t *code = unit_bytes(contract_code(), &len);
    unit_hex(KMS_ROOT, root + 12, 20);
    unit_hex(APP_ID, app, 20);
    base_buf_append(&it->data[0], code, len);
    base_buf_append(&it->data[0], root, 32);
    free(code);
    uint8_t from[20];
    assert_true(eth_address_parse(ADDRESS, from));
    assert_true(cluster_created_address(from, chain_nonce(w, ADDRESS), contract20));
    add_call(it, contract20, "allowApp", CONTRACT_SEL_ALLOW_APP, &(eth_abi_arg){.address20 = app}, 1)->gas =
        100000;
    expect_done(it);
    forget_orders(it);
}

static void test_deploys_and_mints(void **state)
{
    world *w = *state;
    operator it;
    uint8_t contract[20];
    open_operator(&it, w, NULL, KEY);
    deploy(&it, w, contract);
    uint64_t nonce = chain_nonce(w, ADDRESS);
    for (unsigned i = 0; i < CROWD; i++)
        add_mint(&it, contract, i);
    double start = sim_now();
    expect_done(&it);
    printf("%d tickets: %.2f s\n", CROWD, sim_now() - start);
    assert_int_equal(chain_nonce(w, ADDRESS), nonce + CROWD);
    assert_int_equal(it.outcomes[CROWD - 1].nonce, nonce + CROWD - 1);
    close_operator(&it);
}

/* One that is refused when it is its turn costs the others nothing. */
static void test_one_refused_in_the_middle(void **state)
{
    world *w = *state;
    operator it;
    uint8_t contract[20];
    open_operator(&it, w, NULL, KEY);
    deploy(&it, w, contract);
    for (unsigned i = 0; i < CROWD; i++)
        add_mint(&it, contract, i == 17 ? 3 : i);
    ask(&it);
    expect_ok(&it.error);
    carry_out(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_REVERTED,
                 "mintNodeAccess: the contract refused: InstanceHoldsTicket (instanceId 0x");
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(it.outcomes[i].state, i == 17 ? CLUSTER_ORDER_REFUSED : CLUSTER_ORDER_DONE);
    assert_int_equal(it.told, CROWD);
    forget_orders(&it);
    add_mint(&it, contract, 3);
    ask(&it); /* now it is known before */
    expect_error(&it.error, DSTACK_P2P_ERR_REVERTED,
                 "mintNodeAccess: the contract refused: InstanceHoldsTicket");
    close_operator(&it);
}

static void test_blocks_that_take_their_time(void **state)
{
    world *w = *state;
    operator it;
    uint8_t contract[20];
    open_operator(&it, w, NULL, KEY);
    deploy(&it, w, contract);
    chain_tell(w, "evm_setAutomine", "[false]");
    chain_tell(w, "evm_setIntervalMining", "[1]");
    uint64_t block = chain_number(w, "eth_blockNumber", "[]");
    for (unsigned i = 0; i < CROWD; i++)
        add_mint(&it, contract, i);
    expect_done(&it);
    uint64_t blocks = chain_number(w, "eth_blockNumber", "[]") - block;
    chain_tell(w, "evm_setIntervalMining", "[0]");
    chain_tell(w, "evm_setAutomine", "[true]");
    assert_true(blocks < 10);
    close_operator(&it);
}

/* ---- Who may not ---- */

static void test_another_account(void **state)
{
    world *w = *state;
    operator it, other;
    uint8_t contract[20];
    open_operator(&it, w, NULL, KEY);
    deploy(&it, w, contract);
    open_operator(&other, w, NULL, OTHER_KEY);
    cluster_order *order =
        add_call(&other, contract, "setDevMode", CONTRACT_SEL_SET_DEV_MODE, &(eth_abi_arg){.value = 1}, 1);
    ask(&other);
    expect_error(&other.error, DSTACK_P2P_ERR_NOT_AUTHORISED,
                 "setDevMode: the contract refused: OwnableUnauthorizedAccount (account " OTHER_ADDRESS ")");
    order->gas = MINT_GAS; /* not asked before */
    ask(&other);
    expect_ok(&other.error);
    carry_out(&other);
    expect_error(&other.error, DSTACK_P2P_ERR_NOT_AUTHORISED,
                 "OwnableUnauthorizedAccount (account " OTHER_ADDRESS);
    assert_int_equal(other.outcomes[0].state, CLUSTER_ORDER_REFUSED);
    close_operator(&other);
    close_operator(&it);
}

static void test_payment_and_nothing_there(void **state)
{
    world *w = *state;
    operator it;
    static const uint8_t nobody[20] = {0xd1, 0xce};
    open_operator(&it, w, NULL, KEY);
    cluster_order *order = add(&it, "payment");
    memcpy(order->to20, nobody, 20);
    order->value = 12345;
    expect_done(&it);
    assert_int_equal(it.outcomes[0].gas_used, 21000);
    assert_int_equal(
        chain_number(w, "eth_getBalance", "[\"0xd1ce000000000000000000000000000000000000\",\"latest\"]"),
        12345);
    forget_orders(&it);
    add_mint(&it, nobody, 1);
    ask(&it);
    expect_error(&it.error, DSTACK_P2P_ERR_NO_CONTRACT, "no contract answers at the address");
    close_operator(&it);
}

/* More than one request holds, to be asked about and to be sent. */
static void test_large_orders(void **state)
{
    enum { LARGE = 10, BYTES = 60000 };
    static const uint8_t taker[20] = {0x7a, 0xce};
    world *w = *state;
    operator it;
    open_operator(&it, w, NULL, KEY);
    chain_tell(w, "anvil_setCode", "[\"0x7ace000000000000000000000000000000000000\",\"0x00\"]");
    for (unsigned i = 0; i < LARGE; i++) {
        memcpy(add(&it, "large")->to20, taker, 20);
        void *bytes = base_buf_extend(&it.data[i], BYTES);
        assert_non_null(bytes);
        memset(bytes, 0, BYTES);
    }
    expect_done(&it);
    close_operator(&it);
}

/* ---- Several processes with one wallet ---- */

static pid_t start_minting(const world *w, const uint8_t contract[20], unsigned first, unsigned count)
{
    pid_t pid = fork();
    if (pid) return pid;
    operator it;
    open_operator(&it, w, NULL, KEY);
    for (unsigned i = 0; i < count; i++)
        add_mint(&it, contract, first + i);
    if (!ask(&it)) carry_out(&it);
    if (it.error.code) fprintf(stderr, "%s\n", it.error.text);
    int code = it.error.code;
    close_operator(&it);
    _exit(code);
}

static void test_two_processes_with_one_wallet(void **state)
{
    enum { EACH = 15, PROCESSES = 2 };
    world *w = *state;
    operator it;
    uint8_t contract[20];
    pid_t pids[PROCESSES];
    int status;
    open_operator(&it, w, NULL, KEY);
    deploy(&it, w, contract);
    uint64_t nonce = chain_nonce(w, ADDRESS);
    for (unsigned i = 0; i < PROCESSES; i++)
        pids[i] = start_minting(w, contract, i * EACH, EACH);
    for (unsigned i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(chain_nonce(w, ADDRESS), nonce + EACH * PROCESSES);
    for (unsigned i = 0; i < EACH * PROCESSES; i++) { /* all are minted */
        add_mint(&it, contract, i);
        ask(&it);
        expect_error(&it.error, DSTACK_P2P_ERR_REVERTED, "InstanceHoldsTicket");
        forget_orders(&it);
    }
    close_operator(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploys_and_mints),
        cmocka_unit_test(test_one_refused_in_the_middle),
        cmocka_unit_test(test_blocks_that_take_their_time),
        cmocka_unit_test(test_another_account),
        cmocka_unit_test(test_payment_and_nothing_there),
        cmocka_unit_test(test_large_orders),
        cmocka_unit_test(test_two_processes_with_one_wallet),
    };
    return run_live_tests(tests);
}
