/* SPDX-License-Identifier: MIT */
#include "cli/peers/address.h"

#include "unit.h"

#include <string.h>

static void expect_address(const char *url, const char *host, const char *port)
{
    peers_address address;
    memset(&address, 'x', sizeof address);
    peers_address_read(url, &address);
    assert_string_equal(address.host, host);
    assert_string_equal(address.port, port);
}

static void test_hosts_and_ports(void **state)
{
    (void)state;
    expect_address("http://h:1", "h", "1");
    expect_address("10.0.1.1:5432", "10.0.1.1", "5432");
    expect_address("postgres://user:pass@db:5432/mydb", "db", "5432");
    expect_address("https://[::1]:8443/x", "::1", "8443");
    expect_address("[2001:db8::10.0.0.1]:80", "2001:db8::10.0.0.1", "80");
    expect_address("name_1.example-2.com:65535/path?query#fragment", "name_1.example-2.com", "65535");
    expect_address("h?x@y", "h", "");
    expect_address("http://a@b@c:7/@d", "c", "7");
    expect_address("http://a%40b:c%2fd@host:7", "host", "7");
    expect_address("anything", "anything", "");
    expect_address("localhost", "localhost", "");
}

static void test_ports_of_schemes(void **state)
{
    (void)state;
    expect_address("http://h", "h", "80");
    expect_address("HTTPS://h/", "h", "443");
    expect_address("http://h:", "h", "80");
    expect_address("https://[::1]", "::1", "443");
    expect_address("postgresql://h/db", "h", "5432");
    expect_address("rediss://h", "h", "6379");
    expect_address("httpss://h", "h", "");
    expect_address("http+unix://h", "h", "");
}

static void test_garbage_has_neither(void **state)
{
    (void)state;
    static const char *const urls[] = {"",
                                       ":",
                                       ":80",
                                       "@",
                                       "/",
                                       "//h:1",
                                       "http://",
                                       "http:///x",
                                       "http://:80",
                                       "h:0",
                                       "h:080",
                                       "h:65536",
                                       "h:99999999",
                                       "h:1x",
                                       "h:-1",
                                       "h: 1",
                                       "::1",
                                       "[::1",
                                       "[]:80",
                                       "[1]:80",
                                       "[::1]x:80",
                                       "[::1]80",
                                       "[g::]:80",
                                       "[fe80::1%25e]",
                                       "a,b:80",
                                       "a:1,b:2",
                                       "pg://a:1,b:2",
                                       "h\\x:80",
                                       "http://h\"",
                                       "h;x",
                                       "h{x}:80",
                                       "http://a b:1",
                                       "http://h$x:1",
                                       "h:1:2"};
    for (size_t i = 0; i < COUNT(urls); i++)
        expect_address(urls[i], "", "");
}

static void test_long_ones(void **state)
{
    (void)state;
    char url[300], host[PEERS_HOST_TEXT];
    memset(url, 'a', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    expect_address(url, "", "");
    url[253] = '\0';
    memcpy(host, url, sizeof host);
    expect_address(url, host, "");
    memcpy(url + 253, ":1", 3);
    expect_address(url, host, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_and_ports),
        cmocka_unit_test(test_ports_of_schemes),
        cmocka_unit_test(test_garbage_has_neither),
        cmocka_unit_test(test_long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
