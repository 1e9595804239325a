/* SPDX-License-Identifier: MIT */

/* A transaction that is refused, lost, doubted, reverted or overtaken: never sent twice, never believed. */

#include "bad_input/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_A "000000000000000000000000a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf"
#define ADDRESS_B "00000000000000000000000000000000219ab540356cbb839cbe05303d7705fa"
#define ID_WORD   FAKE_INSTANCE_ID "000000000000000000000000"
#define WORD_20   "0000000000000000000000000000000000000000000000000000000000000020"
#define WORD_5    "0000000000000000000000000000000000000000000000000000000000000005"
#define WORD_9    "0000000000000000000000000000000000000000000000000000000000000009"

/* Registering fails so after exactly one transaction was handed to the node. */
#define ASSERT_FAILED_ONCE(w, code, ...)                                                                     \
    do {                                                                                                     \
        world_node(w)->sends = 0;                                                                            \
        world_open(w, FAKE_CONTRACT, URL);                                                                   \
        ASSERT_CODE(w, dstack_p2p_register((w)->sdk), code, __VA_ARGS__);                                    \
        assert_sends(w, 1);                                                                                  \
    } while (0)

/* Within its patience, however busy the machine is. */
static void assert_registers(world *w)
{
    w->hurries = true;
    world_open(w, FAKE_CONTRACT, URL);
    if (dstack_p2p_register(w->sdk)) fail_msg("%s", dstack_p2p_errmsg(w->sdk));
    assert_string_equal(world_node(w)->listed_url, URL);
}

/* ---- Ways to the receipt ---- */

static void node_without_sync(void **state)
{
    world *w = *state;
    world_node(w)->no_sync = true;
    world_node(w)->receipt_after = 2;
    assert_registers(w);
    assert_sends(w, 2); /* the first one was not understood */
    assert_int_equal(world_node(w)->taken, 1);
    assert_int_equal(world_node(w)->receipts_asked, 3);
}

static void sync_that_does_not_wait(void **state)
{
    world *w = *state;
    world_node(w)->sync_without_answer = true;
    world_node(w)->receipt_after = 1;
    assert_registers(w);
    assert_sends(w, 1);
    assert_int_equal(world_node(w)->receipts_asked, 2);
}

static void sync_that_gives_up_waiting(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] = (fake_rule){.method = "eth_sendRawTransactionSync",
                                          .code = 4,
                                          .message = "the transaction was added but not mined in time",
                                          .obeys = true};
    assert_registers(w);
    assert_int_equal(world_node(w)->taken, 1);
}

/* The answer is lost in one way or another: the transaction may be on its way all the same. */
static void answer_is_lost(void **state)
{
    static const node_fault faults[] = {NODE_SLOW,       NODE_HALF,        NODE_HTML,
                                        NODE_502,        NODE_BROKEN_JSON, NODE_HUGE,
                                        NODE_FOREIGN_ID, NODE_NO_RESULTS,  NODE_NULL};
    world *w = *state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        fake_node_state *node = world_node(w);
        node->fault = faults[i];
        node->fault_method = "eth_sendRawTransactionSync";
        node->listed_url[0] = '\0';
        node->sends = node->taken = 0;
        w->options.rpc_timeout_ms = faults[i] == NODE_SLOW ? 200 : 20000;
        assert_registers(w);
        assert_sends(w, 1);
        assert_int_equal(node->taken, 1);
    }
}

/* A connection that is closed instead of answered: curl itself may ask again on a fresh one. */
static void connection_closed(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_CLOSES;
    world_node(w)->fault_method = "eth_sendRawTransactionSync";
    assert_registers(w);
}

static void already_known(void **state)
{
    static const char *const words[] = {"already known", "transaction already imported"};
    world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        fake_node_state *node = world_node(w);
        node->listed_url[0] = '\0';
        node->rules[0] = (fake_rule){
            .method = "eth_sendRawTransactionSync", .code = -32000, .message = words[i], .obeys = true};
        assert_registers(w);
    }
}

/* ---- Refused by the node ---- */

static void nonce_too_low_once(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] = (fake_rule){.method = "eth_sendRawTransactionSync",
                                          .code = -32000,
                                          .message = "nonce too low: next nonce 8, tx nonce 7",
                                          .times = 1};
    assert_registers(w);
    assert_sends(w, 2);
    assert_int_equal(world_node(w)->taken, 1);
}

static void nonce_too_low_for_ever(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_sendRawTransactionSync", .code = -32000, .message = "nonce too low"};
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_RPC_ERROR, "nonce too low");
    assert_in_range(world_node(w)->sends, 2, 5);
    assert_int_equal(world_node(w)->taken, 0);
}

static void refused_by_the_node(void **state)
{
    world *w = *state;
    fake_rule *rule = world_node(w)->rules;
    *rule = (fake_rule){
        .method = "eth_sendRawTransactionSync", .code = -32000, .message = "exceeds block gas limit"};
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_RPC_ERROR, "exceeds block gas limit", "eth_sendRawTransactionSync");
    rule->message = "insufficient funds for gas * price + value";
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_NO_FUNDS, "insufficient funds");
    /* What is refused for the rate is asked again, as long as the call lasts. */
    w->hurries = true;
    rule->code = -32005;
    rule->message = "limit exceeded";
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_RPC_LIMITED, "limit exceeded");
    assert_int_equal(world_node(w)->taken, 0);
    *rule = (fake_rule){0};
    world_node(w)->fault_method = "eth_sendRawTransactionSync";
    world_node(w)->fault = NODE_429;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_RPC_LIMITED);
    assert_failed(w->sdk, DSTACK_P2P_ERR_RPC_LIMITED, "429", NULL);
}

static void node_takes_no_transactions(void **state)
{
    world *w = *state;
    fake_rule *rules = world_node(w)->rules;
    rules[0] =
        (fake_rule){.method = "eth_sendRawTransactionSync", .code = -32601, .message = "Method not found"};
    rules[1] = (fake_rule){.method = "eth_sendRawTransaction", .code = -32601, .message = "Method not found"};
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_RPC_ERROR, "takes no transactions");
    assert_int_equal(world_node(w)->taken, 0);
}

/* ---- Not confirmed ---- */

static void never_mined(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    uint64_t start = now_ms();
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x", "no block");
    assert_in_range(now_ms() - start, 600, 6000); /* confirm_timeout_ms is 700 */
    const char *hash = strstr(dstack_p2p_errmsg(w->sdk), "0x");
    assert_int_equal(strspn(hash + 2, "0123456789abcdef"), 64);
}

static void receipt_of_another_transaction(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_OTHER_RECEIPT;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "another transaction's");
}

static void receipt_malformed(void **state)
{
    static const char *const results[] = {"[]", "7", "{}", "true", "\"0x1\""};
    world *w = *state;
    world_node(w)->outcome = NODE_BAD_RECEIPT;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "receipt is malformed");
    world_node(w)->sync_without_answer = true;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        world_node(w)->listed_url[0] = '\0';
        world_node(w)->rules[0] = (fake_rule){.method = "eth_getTransactionReceipt", .result = results[i]};
        ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "receipt is malformed");
    }
}

static void node_goes_away_while_waiting(void **state)
{
    world *w = *state;
    world_node(w)->sync_without_answer = true;
    world_node(w)->fault = NODE_502;
    world_node(w)->fault_method = "eth_getTransactionReceipt";
    w->hurries = true;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x", "HTTP 502");
    world_node(w)->fault_times = 2; /* and one that comes back in time */
    world_node(w)->listed_url[0] = '\0';
    assert_registers(w);
}

/* ---- Reverted ---- */

static const struct {
    const char *data;
    int code;
    const char *words[3];
} reverts[] = {
    {"0x8877a32b" ID_WORD,
     DSTACK_P2P_ERR_NO_NFT,
     {"InstanceHoldsNoTicket", "instanceId 0x" FAKE_INSTANCE_ID, ""}},
    {"0xb502aed7" ID_WORD, DSTACK_P2P_ERR_BANNED, {"InstanceIsBanned", "0x" FAKE_INSTANCE_ID, ""}},
    {"0x812aa38e", DSTACK_P2P_ERR_PAUSED, {"RegistrationIsPaused", "", ""}},
    {"0xff8e3526" ADDRESS_A, DSTACK_P2P_ERR_APP_NOT_ALLOWED, {"AppNotAllowed", "appId " FAKE_KMS_ROOT, ""}},
    {"0x93f286dc" ADDRESS_A ADDRESS_B,
     DSTACK_P2P_ERR_WRONG_KMS_ROOT,
     {"KmsSignerMismatch", "expected " FAKE_KMS_ROOT, "actual 0x00000000219ab540356cBB839Cbe05303d7705Fa"}},
    {"0x23ae3e80" ADDRESS_A ADDRESS_B,
     DSTACK_P2P_ERR_REVERTED,
     {"AppSignerMismatch", "expected " FAKE_KMS_ROOT, "actual 0x"}},
    {"0x43136d53" WORD_5 "2000000000000000000000000000000000000000000000000000000000000000",
     DSTACK_P2P_ERR_URL_REFUSED,
     {"InvalidUrlByte", "position 5", "value 0x20"}},
    {"0x40705704" WORD_20 WORD_5 "652e636f6d000000000000000000000000000000000000000000000000000000",
     DSTACK_P2P_ERR_URL_REFUSED,
     {"BaseDomainNotAllowed", "baseDomain 'e.com'", ""}},
    {"0xe0a6426c" WORD_5 WORD_9, DSTACK_P2P_ERR_REVERTED, {"AnchorNotNewer", "anchor 5", "lastAnchor 9"}},
    {"0x0c030910" WORD_5, DSTACK_P2P_ERR_REVERTED, {"AnchorUnknown", "anchor 5", ""}},
    {"0x08c379a0" WORD_20 WORD_5 "626f6f6d21000000000000000000000000000000000000000000000000000000",
     DSTACK_P2P_ERR_REVERTED,
     {"Error", "boom!", ""}},
    {"0x4e487b71" WORD_9, DSTACK_P2P_ERR_REVERTED, {"Panic", "code 9", ""}},
    /* What no contract of ours sends. */
    {"0xdeadbeef" WORD_5, DSTACK_P2P_ERR_REVERTED, {"0xdeadbeef", "", ""}},
    {"0xde", DSTACK_P2P_ERR_REVERTED, {"without a reason", "", ""}},
    {"0xff8e3526", DSTACK_P2P_ERR_APP_NOT_ALLOWED, {"AppNotAllowed", "do not decode", ""}},
    {"0x08c379a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     DSTACK_P2P_ERR_REVERTED,
     {"Error", "do not decode", ""}},
    {"0x08c379a0" WORD_20 WORD_5 "1b5b326a0a000000000000000000000000000000000000000000000000000000",
     DSTACK_P2P_ERR_REVERTED,
     {"Error", "'?[2j?'", ""}},
    {"0x", DSTACK_P2P_ERR_REVERTED, {"block 1", "100000 of", "why is not known"}},
    {"hello", DSTACK_P2P_ERR_REVERTED, {"why is not known", "", ""}},
    {NULL, DSTACK_P2P_ERR_REVERTED, {"failed in block 10", "gas used", "a replay succeeds"}},
};

/* The chain has moved on: worth another statement; once, since each costs gas. */
static bool is_stale(const char *name)
{
    return strncmp(name, "Anchor", 6) == 0 || strcmp(name, "AppSignerMismatch") == 0;
}

static void reverted(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof reverts / sizeof *reverts; i++) {
        unsigned tries = is_stale(reverts[i].words[0]) ? 2 : 1;
        fake_node_state *node = world_node(w);
        node->outcome = NODE_REVERTED;
        node->revert_data = reverts[i].data;
        node->replays = node->sends = 0;
        world_open(w, FAKE_CONTRACT, URL);
        ASSERT_CODE(w, dstack_p2p_register(w->sdk), reverts[i].code, reverts[i].words[0], reverts[i].words[1],
                    reverts[i].words[2]);
        assert_sends(w, tries);
        assert_int_equal(node->replays, tries);
        assert_string_equal(node->listed_url, "");
    }
}

static void reverted_with_endless_data(void **state)
{
    enum { DIGITS = 200000 };
    world *w = *state;
    char *data = malloc(DIGITS + 1);
    memset(data, '1', DIGITS);
    memcpy(data, "0x", 2);
    data[DIGITS] = '\0';
    world_node(w)->outcome = NODE_REVERTED;
    world_node(w)->revert_data = data;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_REVERTED, "");
    free(data);
}

/* A copy of the transaction landed first, so ours reverts, and the state is what was wanted. */
static void copy_landed_first(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_COPY_LANDED;
    world_node(w)->revert_data = "0xe0a6426c" WORD_5 WORD_5;
    assert_registers(w);
    assert_sends(w, 1);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(world_node(w)->listed_url, "");
    assert_sends(w, 2);
    assert_int_equal(world_node(w)->replays, 0);
}

static void withdrawal_reverted(void **state)
{
    world *w = *state;
    assert_registers(w);
    world_node(w)->outcome = NODE_REVERTED;
    world_node(w)->revert_data = "0xff8e3526" ADDRESS_A;
    ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), DSTACK_P2P_ERR_APP_NOT_ALLOWED, "AppNotAllowed");
    assert_sends(w, 2);
    assert_string_equal(world_node(w)->listed_url, URL);
}

/* ---- One after the other ---- */

static void unconfirmed_is_replaced_not_doubled(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x");
    assert_int_equal(world_node(w)->last_nonce, 7);
    assert_int_equal(world_node(w)->nonce, 8);
    world_node(w)->outcome = NODE_MINED;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(world_node(w)->last_nonce, 7);
    assert_int_equal(world_node(w)->nonce, 8);
    assert_sends(w, 2);
}

static void replacement_that_is_too_cheap(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x");
    world_node(w)->outcome = NODE_MINED;
    world_node(w)->rules[0] = (fake_rule){.method = "eth_sendRawTransactionSync",
                                          .code = -32000,
                                          .message = "replacement transaction underpriced",
                                          .times = 1};
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(world_node(w)->last_nonce, 7);
    assert_sends(w, 3);
}

/* A registration that may still land makes a withdrawal necessary, whatever is listed now. */
static void unconfirmed_registration_is_withdrawn(void **state)
{
    world *w = *state;
    world_node(w)->outcome = NODE_NEVER_MINED;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x");
    world_node(w)->outcome = NODE_MINED;
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(world_node(w)->last_nonce, 7); /* in place of it */
    assert_sends(w, 2);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 2);
}

/* ---- The ceiling for a day ---- */

enum { CEILING = 1500000 }; /* gwei */

static void one_transaction_above_the_ceiling(void **state)
{
    world *w = *state;
    w->options.max_fee_per_day = 1;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_SPEND_CEILING, "can cost 0.000", "and 0 ether are spent",
                   "ceiling of 0.000000000000000001 ether", "max_fee_per_day", "nothing was sent");
}

/* Registers and withdraws in turn until the ceiling stops it; how often something was sent. */
static unsigned spend_until_the_ceiling(world *w)
{
    w->options.max_fee_per_day = UINT64_C(1000000000) * CEILING;
    world_open(w, FAKE_CONTRACT, URL);
    for (int i = 0; i < 200; i++) {
        int code = i % 2 ? dstack_p2p_withdraw(w->sdk) : dstack_p2p_register(w->sdk);
        if (code == DSTACK_P2P_ERR_SPEND_CEILING) break;
        assert_int_not_equal(code, DSTACK_P2P_ERR_NO_FUNDS);
    }
    assert_failed(w->sdk, DSTACK_P2P_ERR_SPEND_CEILING, "ceiling of 0.0015 ether", "nothing was sent", NULL);
    return world_node(w)->taken;
}

static void transactions_add_up_to_the_ceiling(void **state)
{
    world *w = *state;
    unsigned taken = spend_until_the_ceiling(w);
    uint64_t each = world_node(w)->gas_used * world_node(w)->gas_price / 1000000000; /* gwei */
    assert_true(taken >= 3);
    assert_true(taken * each <= CEILING);
    assert_true((taken + 5) * each > CEILING); /* and not much too early */
}

/* It takes each transaction, says that it did not, and has another nonce next time. */
static void node_that_collects_transactions(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->outcome = NODE_REVERTED;
    node->rules[0] = (fake_rule){
        .method = "eth_sendRawTransactionSync", .code = -32000, .message = "nonce too low", .obeys = true};
    node->rules[1] = (fake_rule){.method = "eth_getTransactionReceipt", .result = "null"};
    unsigned taken = spend_until_the_ceiling(w);
    assert_in_range(taken, 1,
                    CEILING / (110000 * 3)); /* each counts with the most it can cost: 3 gwei a gas */
}

/* It says that everything was for nothing. */
static void node_that_claims_low_costs(void **state)
{
    world *w = *state;
    world_node(w)->gas_used = 20999;
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "receipt is malformed");
    world_node(w)->gas_used = 1000000;
    world_node(w)->listed_url[0] = '\0';
    ASSERT_FAILED_ONCE(w, DSTACK_P2P_ERR_UNCONFIRMED, "costs more than was offered");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(node_without_sync),
                                       TEST(sync_that_does_not_wait),
                                       TEST(sync_that_gives_up_waiting),
                                       TEST(answer_is_lost),
                                       TEST(connection_closed),
                                       TEST(already_known),
                                       TEST(nonce_too_low_once),
                                       TEST(nonce_too_low_for_ever),
                                       TEST(refused_by_the_node),
                                       TEST(node_takes_no_transactions),
                                       TEST(never_mined),
                                       TEST(receipt_of_another_transaction),
                                       TEST(receipt_malformed),
                                       TEST(node_goes_away_while_waiting),
                                       TEST(reverted),
                                       TEST(reverted_with_endless_data),
                                       TEST(copy_landed_first),
                                       TEST(withdrawal_reverted),
                                       TEST(unconfirmed_is_replaced_not_doubled),
                                       TEST(replacement_that_is_too_cheap),
                                       TEST(unconfirmed_registration_is_withdrawn),
                                       TEST(one_transaction_above_the_ceiling),
                                       TEST(transactions_add_up_to_the_ceiling),
                                       TEST(node_that_collects_transactions),
                                       TEST(node_that_claims_low_costs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
