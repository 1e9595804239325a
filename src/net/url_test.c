/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include "unit.h"

static void test_urls(void **state)
{
    static const char *const good[] = {
        "http://localhost:8545",      "https://node.example/v3/key", "HTTP://h",       "hTTpS://h",
        "http://user:pass@h:1/x?y#z", "http://[::1]:8545/",          "http://1.2.3.4", "http://h?x"};
    static const char *const bad[] = {"",
                                      "http",
                                      "http:",
                                      "http:/h",
                                      "http://",
                                      "http:///x",
                                      "http://:80",
                                      "://h",
                                      "//h",
                                      "localhost",
                                      "h:80",
                                      "ws://h",
                                      "wss://h",
                                      "ftp://h",
                                      "file:///etc/passwd",
                                      "unix:///x",
                                      "httpx://h",
                                      "http://h h",
                                      " http://h",
                                      "http://h ",
                                      "http://h\n",
                                      "http://h\r\nX: y",
                                      "http://h\t",
                                      "http://h\x7f",
                                      "http://\xc3\xa9",
                                      "http://h:65536",
                                      "http://h:-1",
                                      "http://h:x",
                                      "http://[::1",
                                      "http://user:p@ss@host"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!net_url_is_http(good[i])) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (net_url_is_http(bad[i])) fail_msg("accepted: %s", bad[i]);
}

static void test_websocket_urls(void **state)
{
    static const char *const good[] = {
        "ws://localhost:8545",      "wss://node.example/v3/key", "WS://h", "wSs://h",
        "ws://user:pass@h:1/x?y#z", "wss://[::1]:8545/"};
    static const char *const bad[] = {
        "",         "ws",        "ws:",      "ws:/h",    "ws://",        "ws:///x",    "ws://:80", "wsss://h",
        "http://h", "https://h", "ws://h h", "ws://h\n", "ws://h:65536", "wss://[::1", "s://h",    "xws://h"};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!net_url_is_ws(good[i]) || net_url_is_http(good[i])) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (net_url_is_ws(bad[i])) fail_msg("accepted: %s", bad[i]);
}

static void test_every_byte(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char url[] = {'h', 't', 't', 'p', ':', '/', '/', 'h', '/', (char)c, '\0'};
        assert_int_equal(net_url_is_http(url), c >= 0x21 && c <= 0x7e);
    }
}

static void test_length(void **state)
{
    char url[NET_URL_MAX + 2];
    (void)state;
    memset(url, 'x', sizeof url);
    memcpy(url, "http://h/", 9);
    url[NET_URL_MAX] = '\0';
    assert_true(net_url_is_http(url));
    url[NET_URL_MAX] = 'x';
    url[NET_URL_MAX + 1] = '\0';
    assert_false(net_url_is_http(url));
}

static void expect_shown(const char *url, const char *expected)
{
    char text[NET_URL_TEXT];
    memset(text, 'z', sizeof text);
    net_url_redact(url, text);
    assert_string_equal(text, expected);
}

static void test_what_is_shown(void **state)
{
    (void)state;
    expect_shown("http://localhost:8545", "http://localhost:8545");
    expect_shown("http://localhost:8545/", "http://localhost:8545");
    expect_shown("https://mainnet.example/v3/0123456789abcdef", "https://mainnet.example/...");
    expect_shown("https://mainnet.example/?apikey=0123", "https://mainnet.example/...");
    expect_shown("https://mainnet.example?apikey=0123", "https://mainnet.example/...");
    expect_shown("https://mainnet.example#0123", "https://mainnet.example/...");
    expect_shown("https://user:secret@h", "https://h");
    expect_shown("https://token@h:1/", "https://h:1");
    expect_shown("https://user:p@ss@h/x", "https://h/...");
    expect_shown("https://user:p@ss:w@rd@[::1]:80/x", "https://[::1]:80/...");
    expect_shown("https://@h", "https://h");
    expect_shown("https://u:@h", "https://h");
    expect_shown("https://u:p%40q@h", "https://h");
    expect_shown("https://h/x@y", "https://h/...");
    expect_shown("https://h?x@y", "https://h/...");
    expect_shown("https://user:pa\\ss@h", "https://h");
    expect_shown("HTTPS://user:secret@h/x", "HTTPS://h/...");
    expect_shown("http://[fe80::1]:8545", "http://[fe80::1]:8545");
    expect_shown("ws://localhost:8545", "ws://localhost:8545");
    expect_shown("ws://user:secret@h", "ws://h");
    expect_shown("wss://user:secret@h/v3/0123", "wss://h/...");
}

static void test_what_is_no_url(void **state)
{
    (void)state;
    expect_shown("", "(malformed)");
    expect_shown("secret", "(malformed)");
    expect_shown("ftp://user:secret@h", "(malformed)");
    expect_shown("ws:/secret", "(malformed)");
    expect_shown("wss:///secret", "(malformed)");
    expect_shown("user:secret@h:80", "(malformed)");
    expect_shown("http:/secret", "(malformed)");
}

/* None of a secret's bytes is shown, wherever providers put theirs. */
static void test_secrets_are_not_shown(void **state)
{
    static const char *const urls[] = {"https://SECRET@h",
                                       "https://u:SECRET@h",
                                       "https://SECRET:p@h/x",
                                       "https://h/SECRET",
                                       "https://h/v3/SECRET/",
                                       "https://h?key=SECRET",
                                       "https://h/#SECRET",
                                       "https://h/?a@SECRET",
                                       "https://a@b:SECRET@h",
                                       "https://u:SECRET@h:80/x",
                                       "https://SECRET@@h",
                                       "SECRET://h",
                                       "https:/SECRET",
                                       "https://u\\SECRET@h",
                                       "wss://SECRET@h",
                                       "ws://u:SECRET@h/",
                                       "wss://h/v3/SECRET",
                                       "ws://h?key=SECRET",
                                       "ws:/SECRET"};
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        char text[NET_URL_TEXT];
        net_url_redact(urls[i], text);
        if (strstr(text, "SECRET")) fail_msg("%s: %s", urls[i], text);
    }
}

static void test_long_hosts_fit(void **state)
{
    char url[NET_URL_MAX + 1], text[NET_URL_TEXT];
    (void)state;
    memset(url, 'h', sizeof url);
    memcpy(url, "https://", 8);
    memcpy(url + NET_URL_MAX - 2, "/x", 3);
    net_url_redact(url, text);
    assert_true(strlen(text) < NET_URL_TEXT);
    assert_memory_equal(text, "https://hhhh", 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_websocket_urls),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_what_is_shown),
        cmocka_unit_test(test_what_is_no_url),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_long_hosts_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
