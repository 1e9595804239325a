/* SPDX-License-Identifier: MIT */

/* Arguments, options and environment variables that are wrong: found before anybody is asked anything. */

#include "bad_input/world.h"

#include <stdio.h>
#include <string.h>

/* Every call that could do something fails alike, and neither the node nor the agent hears of it. */
static void assert_unusable(world *w, int code, const char *word)
{
    dstack_p2p *sdk = w->sdk;
    assert_failed(sdk, code, word, NULL);
    ASSERT_CODE(w, dstack_p2p_register(sdk), code, word);
    ASSERT_CODE(w, dstack_p2p_withdraw(sdk), code, word);
    ASSERT_NO_PEERS(w, code, word);
    ASSERT_CODE(w, dstack_p2p_monitor_start(sdk, NULL, NULL), code, word);
    assert_null(dstack_p2p_instance_id(sdk));
    assert_failed(sdk, code, word, NULL);
    assert_null(dstack_p2p_monitor_peers(sdk));
    assert_int_equal(fake_server_count(fake_node_server(w->node)), 0);
    assert_int_equal(fake_server_count(fake_guest_server(w->guest)), 0);
}

static const struct {
    const char *text, *word;
} addresses[] = {
    {"", "0x and 40 hex digits"},
    {"0x", "'0x'"},
    {"0x123...", "'0x123...'"},
    {"hello", "'hello'"},
    {"0x5FbDB2315678afecb367f032d93F642f64180a", "0x5FbDB2315678afecb367f032d93F642f64180a'"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa", "40 hex digits"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa3a", "40 hex digits"},
    {"5FbDB2315678afecb367f032d93F642f64180aa3", "0x"},
    {"0x5FbDB2315678afecb367f032d93F642f64180ag3", "180ag3"},
    {"0x5FbDB2315678afecb367f032d93F642f64180AA3", "checksum"},
    {" 0x5FbDB2315678afecb367f032d93F642f64180aa3", "40 hex digits"},
    {"0x5FbDB2315678afecb367f032d93F642f64180aa3\n", "40 hex digits"},
    {"0x0000000000000000000000000000000000000000", "zero"},
};

static void contract_address_malformed(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        world_open(w, addresses[i].text, URL);
        assert_unusable(w, DSTACK_P2P_ERR_CONTRACT_ADDRESS, addresses[i].word);
        assert_null(dstack_p2p_contract_address(w->sdk));
    }
}

static void contract_address_malformed_in_the_environment(void **state)
{
    world *w = *state;
    set_variable("CONTRACT_ADDRESS", "0xdead");
    world_open(w, NULL, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "0xdead");
    world_open(w, FAKE_CONTRACT, URL); /* the argument wins: what is not used need not be right */
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
}

static void contract_address_missing(void **state)
{
    world *w = *state;
    world_open(w, NULL, URL);
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS, "CONTRACT_ADDRESS");
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "CONTRACT_ADDRESS");
    ASSERT_CODE(w, dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_ERR_CONTRACT_ADDRESS,
                "CONTRACT_ADDRESS");
    assert_string_equal(dstack_p2p_instance_id(w->sdk), FAKE_INSTANCE_ID);
    assert_int_equal(fake_server_count(fake_node_server(w->node)), 0);
}

static void url_missing(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_CONNECTION_URL, "CONNECTION_URL");
    assert_int_equal(fake_server_count(fake_guest_server(w->guest)), 0);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk); /* which needs none */
    assert_non_null(peers);
    dstack_p2p_peers_free(peers);
}

static void url_malformed(void **state)
{
    world *w = *state;
    char longest[258];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const urls[] = {longest,        "http://a b",         "http://a\tb", "http://a\n",
                                "http://a\x7f", "http://caf\xc3\xa9", " ",           "\x01"};
    world_open(w, FAKE_CONTRACT, "");
    assert_unusable(w, DSTACK_P2P_ERR_CONNECTION_URL, "empty");
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        world_open(w, FAKE_CONTRACT, urls[i]);
        assert_unusable(w, DSTACK_P2P_ERR_CONNECTION_URL, "1 to 256 visible ASCII bytes");
    }
    longest[256] = '\0';
    world_open(w, FAKE_CONTRACT, longest);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(world_node(w)->listed_url, longest);
}

static void url_malformed_in_the_environment(void **state)
{
    world *w = *state;
    set_variable("CONNECTION_URL", "http://a b");
    world_open(w, FAKE_CONTRACT, NULL);
    assert_unusable(w, DSTACK_P2P_ERR_CONNECTION_URL, "visible ASCII");
}

static void rpc_url_malformed(void **state)
{
    static const char *const urls[] = {
        "localhost:8545", "ftp://localhost",      "http://",           "http:/localhost", "://",
        "http://a b",     "ws:///localhost:8545", "http://a:99999999", "ws://a:99999999", "\x01"};
    world *w = *state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        w->options.rpc_url = urls[i];
        world_open(w, FAKE_CONTRACT, URL);
        assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "RPC URL number 1 ");
        w->options.rpc_url = NULL;
        set_variable("RPC_URL", urls[i]);
        world_open(w, FAKE_CONTRACT, URL);
        assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "RPC URL number 1 ");
    }
    w->options.rpc_url = "http://localhost:1,,http://localhost:2";
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "RPC URL number 2 ");
}

static void rpc_url_too_long_or_too_many(void **state)
{
    static char longest[2100] = "http://localhost/";
    world *w = *state;
    memset(longest + strlen(longest), 'a', sizeof longest - 1 - strlen(longest));
    w->options.rpc_url = longest;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "2048");
    w->options.rpc_url = "http://a,http://a,http://a,http://a,http://a,http://a,http://a,http://a,http://a";
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "more than 8 RPC URLs");
}

static void guest_endpoint_malformed(void **state)
{
    world *w = *state;
    char path[200] = "/tmp/";
    memset(path + 5, 'a', sizeof path - 6);
    w->options.guest_endpoint = path;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "socket path has 199 bytes");
    w->options.guest_endpoint = "ftp://localhost";
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "guest agent's endpoint");
    w->options.guest_endpoint = NULL;
    set_variable("DSTACK_SIMULATOR_ENDPOINT", "http://localhost?x");
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "guest agent's endpoint");
}

static void chain_id_malformed(void **state)
{
    static const char *const ids[] = {"0",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x7a69",
                                      "mainnet",
                                      "1.5",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    world *w = *state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        set_variable("CHAIN_ID", ids[i]);
        world_open(w, FAKE_CONTRACT, URL);
        assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "CHAIN_ID is not a positive decimal number");
        assert_non_null(strstr(dstack_p2p_errmsg(w->sdk), ids[i]));
    }
    w->options.chain_id = FAKE_CHAIN_ID; /* the option wins */
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
}

static void reserved_options_set(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof w->options.reserved / sizeof *w->options.reserved; i++) {
        memset(&w->options.reserved[i], 1, 1);
        world_open(w, FAKE_CONTRACT, URL);
        assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "does not know");
        memset(&w->options.reserved[i], 0, 1);
    }
}

static void numbers_out_of_range(void **state)
{
    world *w = *state;
    w->options.rpc_timeout_ms = 600001;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "rpc_timeout_ms is above 600000");
    w->options.rpc_timeout_ms = 0;
    w->options.poll_interval_ms = 9;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "poll_interval_ms is below 10");
    w->options.poll_interval_ms = 0;
    w->options.block = (dstack_p2p_block)3;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "block option");
    w->options.block = DSTACK_P2P_BLOCK_LATEST;
    w->options.log_level = (dstack_p2p_log_level)5;
    world_open(w, FAKE_CONTRACT, URL);
    assert_unusable(w, DSTACK_P2P_ERR_CONFIG, "log_level");
}

static void null_handles(void **state)
{
    dstack_p2p_status status;
    (void)state;
    dstack_p2p_free(NULL);
    dstack_p2p_cancel(NULL);
    dstack_p2p_resume(NULL);
    dstack_p2p_monitor_cancel(NULL);
    dstack_p2p_peers_free(NULL);
    assert_int_equal(dstack_p2p_errcode(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(dstack_p2p_errmsg(NULL), "NULL"));
    assert_int_equal(dstack_p2p_register(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_withdraw(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_start(NULL, NULL, NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_stop(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_status(NULL, &status), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_fd(NULL), -1);
    assert_null(dstack_p2p_get_peers(NULL));
    assert_null(dstack_p2p_monitor_peers(NULL));
    assert_null(dstack_p2p_instance_id(NULL));
    assert_null(dstack_p2p_instance_address(NULL));
    assert_null(dstack_p2p_app_id(NULL));
    assert_null(dstack_p2p_payer_address(NULL));
    assert_null(dstack_p2p_contract_address(NULL));
    assert_null(dstack_p2p_connection_url(NULL));
    assert_null(dstack_p2p_peers_ref(NULL));
    assert_null(dstack_p2p_peers_at(NULL, 0));
    assert_int_equal(dstack_p2p_chain_id(NULL), 0);
    assert_int_equal(dstack_p2p_peers_count(NULL), 0);
    assert_int_equal(dstack_p2p_peers_version(NULL), 0);
    assert_int_equal(dstack_p2p_peers_block_number(NULL), 0);
    assert_int_equal(dstack_p2p_peers_block_time(NULL), 0);
    assert_int_equal(dstack_p2p_peers_age_ms(NULL), 0);
}

static void null_status(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_monitor_status(w->sdk, NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
}

static void codes_are_distinct_and_named(void **state)
{
    static const int codes[] = {
#define X(name, value, sentence) value,
        DSTACK_P2P_ERROR_MAP(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_in_range(codes[i], 10, 125); /* an exit status, apart from misuse and the shell's own */
        assert_string_not_equal(dstack_p2p_code_name(codes[i]), "UNKNOWN");
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(codes[i], codes[j]);
            assert_string_not_equal(dstack_p2p_code_text(codes[i]), dstack_p2p_code_text(codes[j]));
        }
    }
    assert_string_equal(dstack_p2p_code_name(0), "OK");
    assert_string_equal(dstack_p2p_code_name(99), "UNKNOWN");
    assert_string_equal(dstack_p2p_code_name(-1), "UNKNOWN");
    assert_non_null(dstack_p2p_code_text(-1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(contract_address_malformed),
                                       TEST(contract_address_malformed_in_the_environment),
                                       TEST(contract_address_missing),
                                       TEST(url_missing),
                                       TEST(url_malformed),
                                       TEST(url_malformed_in_the_environment),
                                       TEST(rpc_url_malformed),
                                       TEST(rpc_url_too_long_or_too_many),
                                       TEST(guest_endpoint_malformed),
                                       TEST(chain_id_malformed),
                                       TEST(reserved_options_set),
                                       TEST(numbers_out_of_range),
                                       TEST(null_handles),
                                       TEST(null_status),
                                       TEST(codes_are_distinct_and_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
