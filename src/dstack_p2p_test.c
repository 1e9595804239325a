/* SPDX-License-Identifier: MIT */
#include "dstack_p2p.h"

#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"

/* Nobody at the other end of anything: refused at once, and no time to ask again. */
static dstack_p2p_options alone(void)
{
    return (dstack_p2p_options){.rpc_url = "http://127.0.0.1:1",
                                .guest_endpoint = "/nonexistent/dstack.sock",
                                .guest_wait_ms = DSTACK_P2P_NO_WAIT,
                                .rpc_timeout_ms = 200};
}

static int setup(void **state)
{
    static const char *const variables[] = {
        "CONTRACT_ADDRESS", "CONNECTION_URL",           "RPC_URL", "CHAIN_ID", "PRIVATE_KEY_FILE",
        "PRIVATE_KEY",      "DSTACK_SIMULATOR_ENDPOINT"};
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    return 0;
}

static void test_no_handle(void **state)
{
    dstack_p2p_status status;
    (void)state;
    dstack_p2p_free(NULL);
    dstack_p2p_cancel(NULL);
    dstack_p2p_resume(NULL);
    dstack_p2p_monitor_cancel(NULL);
    assert_int_equal(dstack_p2p_errcode(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_non_null(dstack_p2p_errmsg(NULL));
    assert_int_equal(dstack_p2p_register(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_withdraw(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_null(dstack_p2p_get_peers(NULL));
    assert_null(dstack_p2p_instance_id(NULL));
    assert_null(dstack_p2p_instance_address(NULL));
    assert_null(dstack_p2p_app_id(NULL));
    assert_null(dstack_p2p_payer_address(NULL));
    assert_null(dstack_p2p_contract_address(NULL));
    assert_null(dstack_p2p_connection_url(NULL));
    assert_int_equal(dstack_p2p_chain_id(NULL), 0);
    assert_int_equal(dstack_p2p_monitor_start(NULL, NULL, NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_stop(NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    assert_int_equal(dstack_p2p_monitor_fd(NULL), -1);
    assert_null(dstack_p2p_monitor_peers(NULL));
    assert_int_equal(dstack_p2p_monitor_status(NULL, &status), DSTACK_P2P_ERR_INVALID_ARGUMENT);
}

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(dstack_p2p_version(), DSTACK_P2P_VERSION);
}

/* Everything given is copied. */
static void test_strings_are_copied(void **state)
{
    char contract[] = CONTRACT, url[] = "http://localhost:8080";
    dstack_p2p_options options = alone();
    (void)state;
    dstack_p2p *sdk = dstack_p2p_new_with_options(contract, url, &options);
    memset(contract, 'x', sizeof contract - 1);
    memset(url, 'x', sizeof url - 1);
    memset(&options, 0xff, sizeof options);
    assert_int_equal(dstack_p2p_errcode(sdk), 0);
    assert_string_equal(dstack_p2p_errmsg(sdk), "");
    assert_string_equal(dstack_p2p_contract_address(sdk), CONTRACT);
    assert_string_equal(dstack_p2p_connection_url(sdk), "http://localhost:8080");
    assert_int_equal(dstack_p2p_chain_id(sdk), 0);
    assert_null(dstack_p2p_get_peers(sdk));
    assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_RPC_UNREACHABLE);
    dstack_p2p_free(sdk);
}

static void test_default_options(void **state)
{
    (void)state;
    dstack_p2p *sdk = dstack_p2p_new(CONTRACT, "http://localhost:8080");
    assert_int_equal(dstack_p2p_errcode(sdk), 0);
    assert_string_equal(dstack_p2p_contract_address(sdk), CONTRACT);
    dstack_p2p_free(sdk);
    sdk = dstack_p2p_new(NULL, NULL);
    assert_int_equal(dstack_p2p_errcode(sdk), 0);
    assert_null(dstack_p2p_contract_address(sdk));
    assert_null(dstack_p2p_connection_url(sdk));
    dstack_p2p_free(sdk);
}

/* After a malformed argument every call says so. */
static void test_malformed_argument_stays(void **state)
{
    dstack_p2p_options options = alone();
    (void)state;
    dstack_p2p *sdk = dstack_p2p_new_with_options("0x12", "http://a", &options);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
        assert_int_equal(dstack_p2p_register(sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
        assert_int_equal(dstack_p2p_withdraw(sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
        assert_null(dstack_p2p_get_peers(sdk));
        assert_null(dstack_p2p_instance_id(sdk));
        assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
        assert_non_null(strstr(dstack_p2p_errmsg(sdk), "0x12"));
    }
    dstack_p2p_free(sdk);
}

/* What is missing fails the calls that need it. */
static void test_missing_arguments(void **state)
{
    dstack_p2p_options options = alone();
    (void)state;
    dstack_p2p *sdk = dstack_p2p_new_with_options(NULL, NULL, &options);
    assert_int_equal(dstack_p2p_register(sdk), DSTACK_P2P_ERR_CONNECTION_URL);
    assert_int_equal(dstack_p2p_withdraw(sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
    assert_null(dstack_p2p_get_peers(sdk));
    assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_ERR_CONTRACT_ADDRESS);
    assert_null(dstack_p2p_instance_id(sdk));
    assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_GUEST_UNREACHABLE);
    dstack_p2p_free(sdk);
}

static void test_success_clears_the_error(void **state)
{
    dstack_p2p_options options = alone();
    (void)state;
    dstack_p2p *sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
    assert_null(dstack_p2p_get_peers(sdk));
    assert_int_not_equal(dstack_p2p_errcode(sdk), 0);
    assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
    assert_int_equal(dstack_p2p_errcode(sdk), 0);
    assert_string_equal(dstack_p2p_errmsg(sdk), "");
    assert_int_equal(dstack_p2p_monitor_status(sdk, NULL), DSTACK_P2P_ERR_INVALID_ARGUMENT);
    dstack_p2p_free(sdk);
}

static void test_configured_chain_id_is_known_at_once(void **state)
{
    dstack_p2p_options options = alone();
    (void)state;
    options.chain_id = 8453;
    dstack_p2p *sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
    assert_int_equal(dstack_p2p_chain_id(sdk), 8453);
    dstack_p2p_free(sdk);
}

static int lowest_free_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    return fd;
}

static void test_descriptors_are_given_back(void **state)
{
    (void)state;
    int before = lowest_free_descriptor();
    for (int i = 0; i < 50; i++) {
        dstack_p2p_options options = alone();
        dstack_p2p *sdk = dstack_p2p_new_with_options(CONTRACT, "http://a", &options);
        dstack_p2p_register(sdk);
        dstack_p2p_peers_free(dstack_p2p_get_peers(sdk));
        assert_int_equal(dstack_p2p_monitor_start(sdk, NULL, NULL), DSTACK_P2P_OK);
        dstack_p2p_free(sdk);
    }
    assert_int_equal(lowest_free_descriptor(), before);
}

/* Programs that were compiled before members were added in the room left for them go on. */
static void test_size_of_the_status(void **state)
{
    (void)state;
    if (sizeof(void *) == 8) assert_int_equal(sizeof(dstack_p2p_status), 1112);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_of_the_status),
        cmocka_unit_test_setup(test_no_handle, setup),
        cmocka_unit_test_setup(test_version, setup),
        cmocka_unit_test_setup(test_strings_are_copied, setup),
        cmocka_unit_test_setup(test_default_options, setup),
        cmocka_unit_test_setup(test_malformed_argument_stays, setup),
        cmocka_unit_test_setup(test_missing_arguments, setup),
        cmocka_unit_test_setup(test_success_clears_the_error, setup),
        cmocka_unit_test_setup(test_configured_chain_id_is_known_at_once, setup),
        cmocka_unit_test_setup(test_descriptors_are_given_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
