/* SPDX-License-Identifier: MIT */
#include "cluster/config.h"

#include "cluster/key_variable.h"
#include "unit.h"

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"
#define ANOTHER  "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
#define KEY      "4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df"
#define GWEI     ((eth_wei)1000000000)

static int setup(void **state)
{
    static const char *const variables[] = {"CONTRACT_ADDRESS",
                                            "CONNECTION_URL",
                                            "RPC_URL",
                                            "CHAIN_ID",
                                            "PRIVATE_KEY_FILE",
                                            "PRIVATE_KEY",
                                            "DSTACK_SIMULATOR_ENDPOINT",
                                            "DSTACK_P2P_STATE_DIR",
                                            "DSTACK_P2P_CACHE_FILE"};
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    cluster_key_variable_forget();
    return 0;
}

/* Loads, insists that it went well; to be freed. */
static cluster_config loaded(const char *contract, const char *url, const dstack_p2p_options *options)
{
    cluster_config config;
    base_error error = {0};
    cluster_config_load(&config, contract, url, options, &error);
    expect_ok(&error);
    return config;
}

static void expect_failure(const char *contract, const char *url, const dstack_p2p_options *options, int code,
                           const char *part)
{
    cluster_config config;
    base_error error = {0};
    assert_int_equal(cluster_config_load(&config, contract, url, options, &error), code);
    expect_error(&error, code, part);
    cluster_config_free(&config);
}

static void expect_text(const char *actual, const char *expected)
{
    if (expected && actual)
        assert_string_equal(actual, expected);
    else
        assert_true(actual == expected);
}

static void expect_loaded(const char *contract, const char *url, const dstack_p2p_options *options,
                          const char *expected_contract, const char *expected_url)
{
    cluster_config config = loaded(contract, url, options);
    expect_text(config.has_contract ? config.contract_text : NULL, expected_contract);
    expect_text(config.url, expected_url);
    cluster_config_free(&config);
}

static void test_defaults(void **state)
{
    (void)state;
    cluster_config config = loaded(NULL, NULL, NULL);
    assert_false(config.has_contract || config.has_key);
    assert_null(config.url);
    assert_null(config.guest_endpoint);
    assert_string_equal(config.rpc_urls, "http://localhost:8545");
    assert_int_equal(config.chain_id, 0);
    assert_true(config.max_fee_per_gas == 500 * GWEI);
    assert_true(config.max_priority_fee == 50 * GWEI);
    assert_true(config.max_fee_per_day == 50000000 * GWEI);
    assert_int_equal(config.guest_wait_ms, 300000);
    assert_int_equal(config.rpc_timeout_ms, 10000);
    assert_int_equal(config.confirm_timeout_ms, 120000);
    assert_int_equal(config.poll_interval_ms, 2000);
    assert_string_equal(config.block, "latest");
    assert_int_equal(config.log.level, DSTACK_P2P_LOG_WARNING);
    assert_null(config.log.fn);
    assert_null(config.state_dir);
    assert_null(config.cache_file);
    assert_false(config.has_kms_root);
    assert_int_equal(config.evidence, DSTACK_P2P_EVIDENCE_AUTO);
    assert_true(config.keeps);
    cluster_config_free(&config);
}

static void test_places(void **state)
{
    (void)state;
    dstack_p2p_options options = {.state_dir = "/run/mine", .cache_file = "peers"};
    setenv("DSTACK_P2P_STATE_DIR", "/run/other", 1);
    setenv("DSTACK_P2P_CACHE_FILE", "", 1);
    cluster_config config = loaded(NULL, NULL, &options);
    expect_text(config.state_dir, "/run/mine");
    expect_text(config.cache_file, "peers");
    cluster_config_free(&config);
    config = loaded(NULL, NULL, NULL);
    expect_text(config.state_dir, "/run/other");
    expect_text(config.cache_file, NULL);
    cluster_config_free(&config);
    char *longest = calloc(1, 4000);
    memset(longest, 'x', 3999);
    options.cache_file = longest;
    expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "DSTACK_P2P_CACHE_FILE is longer than");
    free(longest);
}

static void test_evidence(void **state)
{
    (void)state;
    static const char *const bad[] = {"0x", "5FbDB2315678afecb367f032d93F642f64180aa3Z",
                                      "0x0000000000000000000000000000000000000000"};
    dstack_p2p_options options = {
        .kms_root = CONTRACT, .evidence = DSTACK_P2P_EVIDENCE_REQUIRED, .keep = DSTACK_P2P_KEEP_OFF};
    cluster_config config = loaded(NULL, NULL, &options);
    assert_true(config.has_kms_root && config.kms_root20[0] == 0x5f && config.kms_root20[19] == 0xa3);
    assert_int_equal(config.evidence, DSTACK_P2P_EVIDENCE_REQUIRED);
    assert_false(config.keeps);
    cluster_config_free(&config);
    for (size_t i = 0; i < COUNT(bad); i++) {
        options.kms_root = bad[i];
        expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "kms_root");
    }
    options.kms_root = NULL;
    options.app_ids = "1691ed1b47506cad7d08834668691d88246f5b1f,0x5bb4ff9a3837357f19dc176407a5709c62eb6c56";
    options.evidence = 0;
    config = loaded(NULL, NULL, &options);
    assert_int_equal(config.app_count, 2);
    assert_true(config.app_ids20[0][0] == 0x16 && config.app_ids20[1][19] == 0x56);
    cluster_config_free(&config);
    static const char *const bad_apps[] = {",", "1691", "1691ed1b47506cad7d08834668691d88246f5b1f,",
                                           "1691ed1b47506cad7d08834668691d88246f5b1g"};
    for (size_t i = 0; i < COUNT(bad_apps); i++) {
        options.app_ids = bad_apps[i];
        expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "app_ids");
    }
    char many[17 * 41 + 1] = "";
    for (size_t i = 0; i < 17; i++)
        strcat(many,
               i ? ",1691ed1b47506cad7d08834668691d88246f5b1f" : "1691ed1b47506cad7d08834668691d88246f5b1f");
    options.app_ids = many;
    expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "app_ids");
    options.app_ids = NULL;
    options.evidence = 3;
    expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "evidence option");
    options.evidence = 0;
    options.keep = 2;
    expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "keep option");
}

static void test_argument_then_environment(void **state)
{
    (void)state;
    setenv("CONTRACT_ADDRESS", ANOTHER, 1);
    setenv("CONNECTION_URL", "http://environment", 1);
    expect_loaded(CONTRACT, "http://argument", NULL, CONTRACT, "http://argument");
    expect_loaded(NULL, NULL, NULL, ANOTHER, "http://environment");
    setenv("CONTRACT_ADDRESS", "", 1);
    setenv("CONNECTION_URL", "", 1);
    expect_loaded(NULL, NULL, NULL, NULL, NULL);
}

/* A malformed variable behind a good argument is not looked at. */
static void test_argument_hides_the_environment(void **state)
{
    dstack_p2p_options options = {
        .rpc_url = "http://a", .guest_endpoint = "/x", .chain_id = 1, .private_key = KEY};
    (void)state;
    setenv("CONTRACT_ADDRESS", "nonsense", 1);
    setenv("CONNECTION_URL", "two words", 1);
    setenv("RPC_URL", "nonsense", 1);
    setenv("DSTACK_SIMULATOR_ENDPOINT", "ftp://h", 1);
    setenv("CHAIN_ID", "nonsense", 1);
    setenv("PRIVATE_KEY", "nonsense", 1);
    setenv("PRIVATE_KEY_FILE", "/nonexistent", 1);
    expect_loaded(CONTRACT, "http://argument", &options, CONTRACT, "http://argument");
}

static void test_every_variable_is_checked(void **state)
{
    static const struct {
        const char *name, *value;
        int code;
    } cases[] = {{"CONTRACT_ADDRESS", "0x123", DSTACK_P2P_ERR_CONTRACT_ADDRESS},
                 {"CONNECTION_URL", "two words", DSTACK_P2P_ERR_CONNECTION_URL},
                 {"RPC_URL", "localhost:8545", DSTACK_P2P_ERR_CONFIG},
                 {"RPC_URL", "http://a,,http://b", DSTACK_P2P_ERR_CONFIG},
                 {"DSTACK_SIMULATOR_ENDPOINT", "ftp://h", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "0", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "-1", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "+1", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", " 1", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "1 ", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "0x1", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "1.5", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "mainnet", DSTACK_P2P_ERR_CONFIG},
                 {"CHAIN_ID", "18446744073709551616", DSTACK_P2P_ERR_CONFIG},
                 {"PRIVATE_KEY", "nonsense", DSTACK_P2P_ERR_PRIVATE_KEY},
                 {"PRIVATE_KEY", "", DSTACK_P2P_ERR_PRIVATE_KEY},
                 {"PRIVATE_KEY_FILE", "/nonexistent", DSTACK_P2P_ERR_PRIVATE_KEY}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        setup(state);
        setenv(cases[i].name, cases[i].value, 1);
        expect_failure(NULL, NULL, NULL, cases[i].code, "");
    }
}

static void test_every_variable_is_used(void **state)
{
    (void)state;
    setenv("CONTRACT_ADDRESS", CONTRACT, 1);
    setenv("CONNECTION_URL", "http://u", 1);
    setenv("RPC_URL", "http://one, http://two", 1);
    setenv("DSTACK_SIMULATOR_ENDPOINT", "/tmp/agent.sock", 1);
    setenv("CHAIN_ID", "18446744073709551615", 1);
    setenv("PRIVATE_KEY", KEY, 1);
    cluster_config config = loaded(NULL, NULL, NULL);
    assert_string_equal(config.contract_text, CONTRACT);
    assert_string_equal(config.url, "http://u");
    assert_string_equal(config.rpc_urls, "http://one, http://two");
    assert_string_equal(config.guest_endpoint, "/tmp/agent.sock");
    assert_true(config.chain_id == UINT64_MAX);
    assert_true(config.has_key);
    assert_hex(config.key32, 32, KEY);
    assert_null(getenv("PRIVATE_KEY"));
    cluster_config_free(&config);
}

/* Where "" means "not given", it does not hide the environment. */
static void test_empty_options(void **state)
{
    dstack_p2p_options options = {.rpc_url = "", .guest_endpoint = ""};
    (void)state;
    setenv("RPC_URL", "http://environment", 1);
    setenv("DSTACK_SIMULATOR_ENDPOINT", "/tmp/agent.sock", 1);
    cluster_config config = loaded(NULL, NULL, &options);
    assert_string_equal(config.rpc_urls, "http://environment");
    assert_string_equal(config.guest_endpoint, "/tmp/agent.sock");
    cluster_config_free(&config);
}

static void test_contract_addresses(void **state)
{
    static const char *const bad[] = {"",
                                      "0x",
                                      "0x123",
                                      "5FbDB2315678afecb367f032d93F642f64180aa3",
                                      "0x5FbDB2315678afecb367f032d93F642f64180aa",
                                      "0x5FbDB2315678afecb367f032d93F642f64180aa33",
                                      "0x5fbDB2315678afecb367f032d93F642f64180aa3",
                                      "0x0000000000000000000000000000000000000000",
                                      "vitalik.eth"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_failure(bad[i], NULL, NULL, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "contract address");
    expect_loaded("0x5fbdb2315678afecb367f032d93f642f64180aa3", NULL, NULL, CONTRACT, NULL);
    expect_loaded("0x5FBDB2315678AFECB367F032D93F642F64180AA3", NULL, NULL, CONTRACT, NULL);
}

/* A private key in the place of the address is not told. */
static void test_key_in_the_wrong_place(void **state)
{
    static const char *const places[] = {KEY, "0x" KEY};
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        cluster_config config;
        base_error error = {0};
        cluster_config_load(&config, places[i], NULL, NULL, &error);
        assert_null(strstr(error.text, "4a07a5fc"));
        expect_error(&error, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "contract address");
        cluster_config_free(&config);
        setenv("CHAIN_ID", places[i], 1);
        cluster_config_load(&config, NULL, NULL, NULL, &error);
        assert_null(strstr(error.text, "4a07a5fc"));
        expect_error(&error, DSTACK_P2P_ERR_CONFIG, "CHAIN_ID");
        cluster_config_free(&config);
        unsetenv("CHAIN_ID");
    }
}

static void test_connection_urls(void **state)
{
    char url[258];
    (void)state;
    expect_failure(NULL, "", NULL, DSTACK_P2P_ERR_CONNECTION_URL, "to leave the cluster, withdraw");
    expect_failure(NULL, "a b", NULL, DSTACK_P2P_ERR_CONNECTION_URL, "without spaces");
    expect_failure(NULL, "a\n", NULL, DSTACK_P2P_ERR_CONNECTION_URL, "visible");
    memset(url, 'u', sizeof url);
    url[257] = '\0';
    expect_failure(NULL, url, NULL, DSTACK_P2P_ERR_CONNECTION_URL, "256");
    url[256] = '\0';
    expect_loaded(NULL, url, NULL, NULL, url);
}

static void test_options(void **state)
{
    dstack_p2p_options options = {.max_fee_per_gas = 1,
                                  .max_priority_fee_per_gas = 2,
                                  .max_fee_per_day = UINT64_MAX,
                                  .guest_wait_ms = DSTACK_P2P_NO_WAIT,
                                  .rpc_timeout_ms = 600000,
                                  .confirm_timeout_ms = 1,
                                  .poll_interval_ms = 10,
                                  .chain_id = 8453,
                                  .block = DSTACK_P2P_BLOCK_FINALIZED,
                                  .log_level = DSTACK_P2P_LOG_DEBUG};
    (void)state;
    setenv("CHAIN_ID", "1", 1);
    cluster_config config = loaded(NULL, NULL, &options);
    assert_true(config.max_fee_per_gas == 1 && config.max_priority_fee == 2 &&
                config.max_fee_per_day == UINT64_MAX);
    assert_true(config.guest_wait_ms == DSTACK_P2P_NO_WAIT);
    assert_int_equal(config.rpc_timeout_ms, 600000);
    assert_int_equal(config.confirm_timeout_ms, 1);
    assert_int_equal(config.poll_interval_ms, 10);
    assert_int_equal(config.chain_id, 8453);
    assert_string_equal(config.block, "finalized");
    assert_int_equal(config.log.level, DSTACK_P2P_LOG_DEBUG);
    cluster_config_free(&config);
    options.block = DSTACK_P2P_BLOCK_SAFE;
    config = loaded(NULL, NULL, &options);
    assert_string_equal(config.block, "safe");
    cluster_config_free(&config);
}

static void test_options_out_of_range(void **state)
{
    dstack_p2p_options slow = {.rpc_timeout_ms = 600001}, hasty = {.poll_interval_ms = 9},
                       block = {.block = (dstack_p2p_block)3}, level = {.log_level = (dstack_p2p_log_level)5};
    (void)state;
    expect_failure(NULL, NULL, &slow, DSTACK_P2P_ERR_CONFIG, "rpc_timeout_ms");
    expect_failure(NULL, NULL, &hasty, DSTACK_P2P_ERR_CONFIG, "poll_interval_ms");
    expect_failure(NULL, NULL, &block, DSTACK_P2P_ERR_CONFIG, "block");
    expect_failure(NULL, NULL, &level, DSTACK_P2P_ERR_CONFIG, "log_level");
}

static void test_reserved_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(((dstack_p2p_options *)0)->reserved); i++) {
        dstack_p2p_options options = {0};
        options.reserved[i] = 1;
        expect_failure(NULL, NULL, &options, DSTACK_P2P_ERR_CONFIG, "not cleared");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, setup),
        cmocka_unit_test_setup(test_places, setup),
        cmocka_unit_test_setup(test_evidence, setup),
        cmocka_unit_test_setup(test_argument_then_environment, setup),
        cmocka_unit_test_setup(test_argument_hides_the_environment, setup),
        cmocka_unit_test_setup(test_every_variable_is_checked, setup),
        cmocka_unit_test_setup(test_every_variable_is_used, setup),
        cmocka_unit_test_setup(test_empty_options, setup),
        cmocka_unit_test_setup(test_contract_addresses, setup),
        cmocka_unit_test_setup(test_key_in_the_wrong_place, setup),
        cmocka_unit_test_setup(test_connection_urls, setup),
        cmocka_unit_test_setup(test_options, setup),
        cmocka_unit_test_setup(test_options_out_of_range, setup),
        cmocka_unit_test_setup(test_reserved_options, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
