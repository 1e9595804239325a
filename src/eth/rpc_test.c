/* SPDX-License-Identifier: MIT */
#include "eth/rpc.h"

#include "net/url.h"
#include "unit.h"

static void expect_list(const char *urls, bool good)
{
    base_error error = {0};
    int code = eth_rpc_check_urls(urls, &error);
    if (good)
        expect_ok(&error);
    else
        assert_int_equal(code, DSTACK_P2P_ERR_CONFIG);
}

static void test_lists_of_urls(void **state)
{
    (void)state;
    expect_list("http://localhost:8545", true);
    expect_list("https://user:pass@node.example/v3/key?x=1", true);
    expect_list("http://a,https://b:1", true);
    expect_list(" http://a , http://b ", true);
    expect_list("http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8", true);
    expect_list("http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8,http://9", false);
    expect_list("", false);
    expect_list(",", false);
    expect_list(" ", false);
    expect_list("http://a,", false);
    expect_list(",http://a", false);
    expect_list("http://a,,http://b", false);
    expect_list("localhost:8545", false);
    expect_list("ws://localhost:8545", false);
    expect_list("file:///etc/passwd", false);
    expect_list("http://a b", false);
    expect_list("http://a\n", false);
}

static void test_which_one_is_wrong(void **state)
{
    base_error error = {0};
    (void)state;
    eth_rpc_check_urls("http://a,http://b,secret", &error);
    assert_null(strstr(error.text, "secret"));
    expect_error(&error, DSTACK_P2P_ERR_CONFIG, "number 3");
}

static void test_length_of_a_url(void **state)
{
    (void)state;
    for (size_t len = NET_URL_MAX; len <= NET_URL_MAX + 1; len++) {
        base_buf text = base_buf_make(2 * len + 1);
        base_buf_puts(&text, "http://a/");
        while (text.len < len)
            base_buf_puts(&text, "x");
        expect_list(text.data, len == NET_URL_MAX);
        base_buf_free(&text);
    }
}

static void test_first_request_asks_for_the_chain(void **state)
{
    eth_batch batch;
    (void)state;
    eth_rpc_begin(&batch);
    assert_int_equal(batch.count, 1);
    assert_string_equal(batch.requests[0].method, "eth_chainId");
    eth_batch_free(&batch);
}

static void test_nothing_is_known_before_the_first_exchange(void **state)
{
    eth_rpc_config config = {.urls = "http://127.0.0.1:1", .timeout_ms = 100, .chain_id = 5, .cancel_fd = -1};
    (void)state;
    eth_rpc *rpc = eth_rpc_new(&config);
    assert_non_null(rpc);
    assert_int_equal(eth_rpc_chain_id(rpc), 5);
    assert_int_equal(eth_rpc_round_trips(rpc), 0);
    eth_rpc_free(rpc);
    eth_rpc_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_urls),
        cmocka_unit_test(test_which_one_is_wrong),
        cmocka_unit_test(test_length_of_a_url),
        cmocka_unit_test(test_first_request_asks_for_the_chain),
        cmocka_unit_test(test_nothing_is_known_before_the_first_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
