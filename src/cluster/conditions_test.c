/* SPDX-License-Identifier: MIT */
#include "cluster/conditions.h"

#include "base/hex.h"
#include "cluster/sdk.h"
#include "unit.h"

#include <stdio.h>

#define INSTANCE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define URL      "http://localhost:8080"

/* A node whose conditions all hold, and what the contract says about it: listed with URL for another
 * 1,000 seconds of a lease of as many. */
static dstack_p2p sdk;
static registry_state contract;
static cluster_block block;

static int setup(void **state)
{
    (void)state;
    memset(&sdk, 0, sizeof sdk);
    unit_hex(INSTANCE, sdk.identity.instance20, 20);
    strcpy(sdk.identity.instance_text, INSTANCE);
    strcpy(sdk.identity.app_id_text, "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
    strcpy(sdk.config.contract_text, "0x5FbDB2315678afecb367f032d93F642f64180aa3");
    memset(sdk.identity.address20, 5, 20);
    memset(sdk.identity.kms_root20, 6, 20);
    atomic_store(&sdk.chain_id, 31337);
    contract =
        (registry_state){.app_allowed = true, .has_ticket = true, .dev_mode = true, .lease_duration = 1000};
    memset(contract.kms_root20, 6, 20);
    memcpy(contract.peer.address20, sdk.identity.address20, 20);
    strcpy(contract.url, URL);
    contract.peer.url_len = strlen(URL);
    contract.peer.expires_at = 2000;
    block = (cluster_block){.number = 100, .time = 1000};
    return 0;
}

static bool is_done(const char *url)
{
    return cluster_is_done(&sdk, &contract, &block, url);
}

/* ---- Done ---- */

static void test_done_until_half_of_the_lease(void **state)
{
    (void)state;
    assert_true(is_done(URL));
    block.time = 1499;
    assert_true(is_done(URL));
    block.time = 1500;
    assert_false(is_done(URL));
    block.time = 2000;
    assert_false(is_done(URL));
    block.time = UINT64_MAX;
    assert_false(is_done(URL));
    contract.peer.expires_at = 0; /* no lease */
    assert_true(is_done(URL));
}

static void test_not_done(void **state)
{
    (void)state;
    assert_false(is_done("http://localhost:8081"));
    assert_false(is_done("http://localhost:808"));
    contract.peer.address20[19] ^= 1; /* another key */
    assert_false(is_done(URL));
    setup(state);
    contract.peer.url_len = 0;
    contract.url[0] = '\0';
    assert_false(is_done(URL));
}

static void test_withdrawn(void **state)
{
    (void)state;
    assert_false(is_done(""));
    contract.peer.url_len = 0;
    assert_true(is_done(""));
}

/* A registration that was signed may land as long as its anchor's hash is known and newer than the last. */
static void test_withdrawn_when_nothing_can_land_any_more(void **state)
{
    (void)state;
    contract.peer.url_len = 0;
    contract.last_anchor = 90;
    sdk.ledger.open_anchor = 95;
    assert_false(is_done(""));
    contract.last_anchor = 94;
    assert_false(is_done(""));
    contract.last_anchor = 95; /* it, or a later one, was accepted */
    assert_true(is_done(""));
    contract.last_anchor = 90;
    block.number = 95 + 256;
    assert_false(is_done(""));
    block.number = 95 + 257;
    assert_true(is_done(""));
}

/* ---- Conditions ---- */

static void expect_condition(const char *url, int code, const char *part)
{
    base_error error = {0};
    assert_int_equal(cluster_check_conditions(&(cluster_session){.sdk = &sdk}, &contract, url, &error), code);
    expect_error(&error, code, part);
}

static void test_all_hold(void **state)
{
    (void)state;
    expect_condition(URL, 0, "");
    expect_condition("", 0, "");
}

static void test_admission(void **state)
{
    (void)state;
    contract.has_ticket = false;
    expect_condition(URL, DSTACK_P2P_ERR_NO_NFT,
                     "dstack-p2p mint --contract 0x5FbDB2315678afecb367f032d93F642f64180aa3");
    expect_condition("", DSTACK_P2P_ERR_NO_NFT, INSTANCE);
    contract.has_ticket = true;
    contract.banned = true;
    expect_condition(URL, DSTACK_P2P_ERR_BANNED, INSTANCE);
    contract.banned = false;
    contract.app_allowed = false;
    expect_condition(URL, DSTACK_P2P_ERR_APP_NOT_ALLOWED,
                     "allowApp(0x5bb4ff9a3837357f19dc176407a5709c62eb6c56)");
}

static void test_pause_does_not_keep_anybody_in(void **state)
{
    (void)state;
    contract.paused = true;
    expect_condition(URL, DSTACK_P2P_ERR_PAUSED, "paused");
    expect_condition("", 0, "");
}

static void test_chains_without_block_hashes(void **state)
{
    (void)state;
    atomic_store(&sdk.chain_id, 42161);
    expect_condition(URL, DSTACK_P2P_ERR_WRONG_CHAIN, "42161");
}

static void test_production_urls(void **state)
{
    (void)state;
    contract.dev_mode = false;
    contract.base_allowed = true;
    expect_condition(URL, DSTACK_P2P_ERR_URL_REFUSED, "production mode");
    expect_condition("", 0, "");
    expect_condition("https://a.example.com", 0, "");
    contract.base_allowed = false;
    expect_condition("https://a.example.com:8443/", DSTACK_P2P_ERR_URL_REFUSED, "base domain example.com;");
    contract.base_allowed = true;
    contract.bound_urls = true;
    expect_condition("https://a.example.com", DSTACK_P2P_ERR_URL_REFUSED,
                     "https://" INSTANCE "[-<port>[s|g]].example.com");
    expect_condition("https://" INSTANCE "-8080.example.com", 0, "");
    contract.dev_mode = true;
    expect_condition(URL, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_done_until_half_of_the_lease, setup),
        cmocka_unit_test_setup(test_not_done, setup),
        cmocka_unit_test_setup(test_withdrawn, setup),
        cmocka_unit_test_setup(test_withdrawn_when_nothing_can_land_any_more, setup),
        cmocka_unit_test_setup(test_all_hold, setup),
        cmocka_unit_test_setup(test_admission, setup),
        cmocka_unit_test_setup(test_pause_does_not_keep_anybody_in, setup),
        cmocka_unit_test_setup(test_chains_without_block_hashes, setup),
        cmocka_unit_test_setup(test_production_urls, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
