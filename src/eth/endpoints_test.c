/* SPDX-License-Identifier: MIT */
#include "eth/endpoints.h"

#include "base/buf.h"
#include "unit.h"

static void expect_list(const char *list, bool good)
{
    base_error error = {0};
    int code = eth_endpoints_check(list, &error);
    if (good)
        expect_ok(&error);
    else
        assert_int_equal(code, DSTACK_P2P_ERR_CONFIG);
}

static void test_lists(void **state)
{
    (void)state;
    expect_list("http://localhost:8545", true);
    expect_list("https://user:pass@node.example/v3/key?x=1", true);
    expect_list("http://a,https://b:1", true);
    expect_list(" http://a , http://b ", true);
    expect_list("ws://localhost:8545", true);
    expect_list("http://a,wss://user:pass@b/x?y", true);
    expect_list("wss://a, http://b", true);
    expect_list("http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8", true);
    expect_list("http://1,http://2,http://3,http://4,ws://5,ws://6,ws://7,ws://8", true);
    expect_list("http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8,http://9", false);
    expect_list("http://1,http://2,http://3,http://4,ws://5,ws://6,ws://7,ws://8,ws://9", false);
    expect_list("", false);
    expect_list(",", false);
    expect_list(" ", false);
    expect_list("http://a,", false);
    expect_list(",http://a", false);
    expect_list("http://a,,http://b", false);
    expect_list("localhost:8545", false);
    expect_list("file:///etc/passwd", false);
    expect_list("http://a,ftp://b", false);
    expect_list("http://a b", false);
    expect_list("ws://a\n", false);
    expect_list("http://a,ws:///b", false);
}

static void test_which_one_is_wrong(void **state)
{
    base_error error = {0};
    (void)state;
    eth_endpoints_check("http://a,ws://b,secret", &error);
    assert_null(strstr(error.text, "secret"));
    expect_error(&error, DSTACK_P2P_ERR_CONFIG, "number 3");
}

static void test_length_of_a_url(void **state)
{
    static const char *const starts[] = {"http://a/", "ws://a/"};
    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++)
        for (size_t len = NET_URL_MAX; len <= NET_URL_MAX + 1; len++) {
            base_buf text = base_buf_make(2 * len + 1);
            base_buf_puts(&text, starts[i]);
            while (text.len < len)
                base_buf_puts(&text, "x");
            expect_list(text.data, len == NET_URL_MAX);
            base_buf_free(&text);
        }
}

/* All the URLs for calls and for subscriptions, each followed by a blank. */
static void expect_split(const char *list, const char *calls, const char *subscriptions)
{
    char url[ETH_ENDPOINT_URL], text[256] = "", other[256] = "";
    for (size_t i = 0; eth_endpoints_for_calls(list, i, url); i++)
        strcat(strcat(text, url), " ");
    for (size_t i = 0; eth_endpoints_for_subscriptions(list, i, url); i++)
        strcat(strcat(other, url), " ");
    assert_string_equal(text, calls);
    assert_string_equal(other, subscriptions);
}

static void test_what_serves_what(void **state)
{
    (void)state;
    expect_split("http://a", "http://a ", "");
    expect_split(" http://a , https://b/x", "http://a https://b/x ", "");
    expect_split("http://a,ws://b,https://c,wss://d", "http://a https://c ", "ws://b wss://d ");
    expect_split("ws://b/x?y,HTTP://a", "HTTP://a ", "ws://b/x?y ");
    /* Without any for calls, the others serve both. */
    expect_split("ws://a:8546/x", "http://a:8546/x ", "ws://a:8546/x ");
    expect_split("wss://u:p@a, WS://b", "https://u:p@a http://b ", "wss://u:p@a WS://b ");
    expect_split("WSS://a", "httpS://a ", "WSS://a ");
}

static void test_longest_one_serves_both(void **state)
{
    char list[NET_URL_MAX + 1], url[ETH_ENDPOINT_URL];
    (void)state;
    memset(list, 'x', sizeof list);
    memcpy(list, "ws://h/", 7);
    list[NET_URL_MAX] = '\0';
    assert_true(eth_endpoints_for_calls(list, 0, url));
    assert_int_equal(strlen(url), NET_URL_MAX + 2);
    assert_false(eth_endpoints_for_calls(list, 1, url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_which_one_is_wrong),
        cmocka_unit_test(test_length_of_a_url),
        cmocka_unit_test(test_what_serves_what),
        cmocka_unit_test(test_longest_one_serves_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
