/* SPDX-License-Identifier: MIT */

/* What the contract would refuse, found before anything is spent; and addresses with something else. */

#include "bad_input/world.h"

#include <stdio.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void no_code(void **state)
{
    world *w = *state;
    world_node(w)->no_code = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_CONTRACT, FAKE_CONTRACT, "CONTRACT_ADDRESS", "RPC_URL");
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_NO_CONTRACT, FAKE_CONTRACT, "CONTRACT_ADDRESS");
    ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), DSTACK_P2P_ERR_NO_CONTRACT, FAKE_CONTRACT);
    assert_sends(w, 0);
}

/* What other contracts answer to a function they do not know, and what is nearly right. */
static const char *const others[] = {
    "", /* reverts */
    "\"0x" ZEROS "\"",
    "\"0x" ZEROS ZEROS ZEROS "\"",
    "\"0x" ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS ZEROS "\"",
    "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
    "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
    "\"0x01\"",
    "\"0x00000000000000000000000000000000000000000000000000000000000001\"",
    "\"0x0000000000000000000000000000000000000000000000000000000000000020"
    "0000000000000000000000000000000000000000000000000000000000000005"
    "68656c6c6f000000000000000000000000000000000000000000000000000000\"", /* the string "hello" */
};

static void other_code(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        world_node(w)->other_code = others[i];
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
        ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), DSTACK_P2P_ERR_OTHER_CONTRACT, "DstackMembershipNFT");
        assert_sends(w, 0);
    }
}

/* One view that answers something else than its type allows. */
static void views_malformed(void **state)
{
    static const uint32_t selectors[] = {0xda61992b, 0x7e5d002e, 0x64f7ef3c, 0x2b8f8b1e, 0x9abbbd3b,
                                         0xdf6de7f7, 0x9ca08f68, 0xab72f78b, 0x4f6be30f, 0x58cf4ab6};
    world *w = *state;
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        fake_rule *rule = world_node(w)->rules;
        *rule = (fake_rule){.method = "eth_call", .selector = selectors[i], .result = others[7]};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
        if (selectors[i] == 0x64f7ef3c) continue; /* a token id is any number */
        rule->result = others[4];
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
    }
}

static void no_nft(void **state)
{
    world *w = *state;
    world_node(w)->has_ticket = false;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_NFT, "instance " FAKE_INSTANCE_ID " holds no NFT",
                   "dstack-p2p mint --contract " FAKE_CONTRACT " " FAKE_INSTANCE_ID);
}

static void banned(void **state)
{
    world *w = *state;
    world_node(w)->banned = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_BANNED, FAKE_INSTANCE_ID, "banned");
}

static void paused(void **state)
{
    world *w = *state;
    world_node(w)->paused = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_PAUSED, "paused registration");
    snprintf(world_node(w)->listed_url, 20, "http://old");
    snprintf(world_node(w)->listed_address, 41, "%s", &FAKE_INSTANCE_ADDRESS[2]);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK); /* leaving is never paused */
    assert_sends(w, 1);
    assert_string_equal(world_node(w)->listed_url, "");
}

static void app_not_allowed(void **state)
{
    world *w = *state;
    world_node(w)->app_allowed = false;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_APP_NOT_ALLOWED, "does not allow app 0x" FAKE_APP_ID,
                   "allowApp(0x" FAKE_APP_ID ")");
}

static void wrong_kms_root(void **state)
{
    world *w = *state;
    world_node(w)->kms_root = "0x00000000219ab540356cbb839cbe05303d7705fa";
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_WRONG_KMS_ROOT, "gives " FAKE_KMS_ROOT,
                   "trusts the KMS root 0x00000000219ab540356cBB839Cbe05303d7705Fa", "another KMS");
}

/* The link that is broken comes first, whatever else does not hold. */
static void several_conditions_at_once(void **state)
{
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->app_allowed = node->has_ticket = node->dev_mode = false;
    node->banned = node->paused = true;
    node->balance = 0;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_APP_NOT_ALLOWED, FAKE_APP_ID);
    node->app_allowed = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_BANNED, FAKE_INSTANCE_ID);
    node->banned = false;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_NFT, FAKE_INSTANCE_ID);
    node->has_ticket = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_PAUSED, "paused");
    node->paused = false;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_URL_REFUSED, "production mode");
    node->dev_mode = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_FUNDS, "needs");
    node->balance = 1000000000000000000;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
}

/* ---- URLs in production mode ---- */

static const struct {
    const char *url, *word;
} refused_urls[] = {
    {"http://node.app.example.com", "begin with https://"},
    {"postgres://user:pass@db:5432/mydb", "begin with https://"},
    {"https://localhost", "<label>.<base domain>"},
    {"https://127.0.0.1", "base domain is malformed"},
    {"https://Node.app.example.com", "label"},
    {"https://-node.app.example.com", "label"},
    {"https://xn--node.app.example.com", "label"},
    {"https://user@node.app.example.com", "label"},
    {"https://node.app.example.com.", "base domain is malformed"},
    {"https://node.app.example.com/path", ":port and /"},
    {"https://node.app.example.com?query", "base domain is malformed"},
    {"https://node.app.example.com:0", ":port and /"},
    {"https://node.app.example.com:65536", ":port and /"},
    {"https://node.app.example.com:", ":port and /"},
};

static void url_refused_in_production(void **state)
{
    world *w = *state;
    world_node(w)->dev_mode = false;
    world_node(w)->base_allowed = true;
    for (size_t i = 0; i < sizeof refused_urls / sizeof *refused_urls; i++)
        ASSERT_REFUSED(w, refused_urls[i].url, DSTACK_P2P_ERR_URL_REFUSED, "production mode",
                       refused_urls[i].word);
    world_open(w, FAKE_CONTRACT, "https://node.app.example.com:8443/");
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
}

static void base_domain_not_allowed(void **state)
{
    world *w = *state;
    world_node(w)->dev_mode = false;
    ASSERT_REFUSED(w, "https://node.app.example.com:8443", DSTACK_P2P_ERR_URL_REFUSED,
                   "base domain app.example.com;", "addBaseDomain");
}

static void url_not_bound_to_the_instance(void **state)
{
    static const char *const urls[] = {
        "https://node.app.example.com",
        "https://1691ed1b47506cad7d08834668691d88246f5b1e.app.example.com",
        "https://1691ed1b47506cad7d08834668691d88246f5b1f8080.app.example.com",
        "https://1691ed1b47506cad7d08834668691d88246f5b1f-0.app.example.com",
        "https://1691ed1b47506cad7d08834668691d88246f5b1f-65536.app.example.com",
        "https://1691ed1b47506cad7d08834668691d88246f5b1f-8080sg.app.example.com"};
    world *w = *state;
    fake_node_state *node = world_node(w);
    node->dev_mode = false;
    node->base_allowed = node->bound_urls = true;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        ASSERT_REFUSED(w, urls[i], DSTACK_P2P_ERR_URL_REFUSED, "bound to the instance",
                       "https://" FAKE_INSTANCE_ID "[-<port>[s|g]].app.example.com");
    world_open(w, FAKE_CONTRACT, "https://" FAKE_INSTANCE_ID "-8080s.app.example.com");
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
}

/* ---- Money ---- */

static void no_funds(void **state)
{
    world *w = *state;
    world_node(w)->balance = 123000000000000; /* 0.000123 ether */
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_FUNDS, FAKE_INSTANCE_ADDRESS " has 0.000123 ether",
                   "needs up to 0.000", "PRIVATE_KEY_FILE");
    world_node(w)->balance = 0;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_FUNDS, FAKE_INSTANCE_ADDRESS " has 0 ether");
}

/* The account that pays is the one that is named. */
static void no_funds_with_a_private_key(void **state)
{
    world *w = *state;
    world_node(w)->balance = 1;
    w->options.private_key = "0000000000000000000000000000000000000000000000000000000000000001";
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_NO_FUNDS, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf has",
                   "0.000000000000000001 ether");
}

static void fees_above_the_ceiling(void **state)
{
    world *w = *state;
    world_node(w)->base_fee = 600000000000;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_FEE_CEILING, "costs 601 gwei", "ceiling of 500 gwei",
                   "max_fee_per_gas", "nothing was sent");
    world_node(w)->base_fee = 1000000000;
    w->options.max_fee_per_gas = 1999999999;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_FEE_CEILING, "costs 2 gwei", "ceiling of 1.999999999 gwei");
    w->options.max_fee_per_gas = 2000000000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
}

/* A lying node cannot make the payer pay what it likes. */
static void fees_without_end(void **state)
{
    static const char *const huge[] = {
        "\"0xffffffffffffffff\"", "\"0xffffffffffffffffffffffffffffffff\"",
        "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\""};
    world *w = *state;
    char block[512];
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
        snprintf(block, sizeof block,
                 "{\"number\":\"0x3e8\",\"timestamp\":\"0x1\",\"hash\":\"0x" ZEROS "\",\"baseFeePerGas\":%s}",
                 huge[i]);
        world_node(w)->rules[0] = (fake_rule){.method = "eth_getBlockByNumber", .result = block};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_FEE_CEILING, "max_fee_per_gas");
    }
}

static void no_base_fee(void **state)
{
    world *w = *state;
    world_node(w)->no_base_fee = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_ANSWER, "no base fee", "EIP-1559");
}

/* ---- A chain that stands still ---- */

static void node_that_lags_behind(void **state)
{
    world *w = *state;
    world_node(w)->last_anchor = FAKE_BLOCK + 5;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_ANSWER, "stands at block 1000", "block 1005", "lags behind");
}

static void already_registered_sends_nothing(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 1);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    world_node(w)->balance = 0; /* and needs no money */
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 1);
}

static void withdrawing_what_is_not_registered_sends_nothing(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(no_code),
                                       TEST(other_code),
                                       TEST(views_malformed),
                                       TEST(no_nft),
                                       TEST(banned),
                                       TEST(paused),
                                       TEST(app_not_allowed),
                                       TEST(wrong_kms_root),
                                       TEST(several_conditions_at_once),
                                       TEST(url_refused_in_production),
                                       TEST(base_domain_not_allowed),
                                       TEST(url_not_bound_to_the_instance),
                                       TEST(no_funds),
                                       TEST(no_funds_with_a_private_key),
                                       TEST(fees_above_the_ceiling),
                                       TEST(fees_without_end),
                                       TEST(no_base_fee),
                                       TEST(node_that_lags_behind),
                                       TEST(already_registered_sends_nothing),
                                       TEST(withdrawing_what_is_not_registered_sends_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
