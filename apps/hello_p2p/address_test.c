/* SPDX-License-Identifier: MIT */
#include "address.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) fail_msg("'%s' is no address", text);
    return is_v4 ? address_is_public((struct sockaddr *)&v4, sizeof v4)
                 : address_is_public((struct sockaddr *)&v6, sizeof v6);
}

static void expect(const char *text, bool wanted)
{
    if (is_public(text) != wanted) fail_msg("%s is taken for %s", text, wanted ? "special" : "public");
}

/* First and last of each special range, and their neighbours outside, where those are public. NULL: the
 * neighbour belongs to another special range. */
static const struct {
    const char *before, *first, *last, *after;
} ranges[] = {
    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
    {NULL, "240.0.0.0", "255.255.255.255", NULL},
    /* Unspecified, loopback, IPv4-compatible, and all that is not assigned below 2000::/3. */
    {NULL, "::", "::fffe:ffff:ffff", NULL},
    {NULL, "::1", "::1", NULL},
    {NULL, "::808:808", "::808:808", NULL},
    {NULL, "::1:0:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db9::"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    /* Within the last one: SRv6, unique local, link-local, site-local, multicast. */
    {NULL, "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    {NULL, "ff00::", "ff02::1", NULL},
    /* NAT64 of a site's own. */
    {NULL, "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:8.8.8.8", NULL},
};

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        expect(ranges[i].first, false);
        expect(ranges[i].last, false);
        if (ranges[i].before) expect(ranges[i].before, true);
        if (ranges[i].after) expect(ranges[i].after, true);
    }
}

/* An IPv4 address in an IPv6 one that reaches it is what the IPv4 address is. */
static void test_forms_of_ipv4(void **state)
{
    char text[64];
    (void)state;
    for (int form = 0; form < 2; form++)
        for (size_t i = 0; i < COUNT(ranges) && !strchr(ranges[i].first, ':'); i++) {
            const char *const all[] = {ranges[i].first, ranges[i].last, ranges[i].before, ranges[i].after};
            for (size_t k = 0; k < COUNT(all); k++) {
                if (!all[k]) continue;
                snprintf(text, sizeof text, form ? "64:ff9b::%s" : "::ffff:%s", all[k]);
                expect(text, k >= 2);
            }
        }
}

static void test_public(void **state)
{
    static const char *const texts[] = {"8.8.8.8", "1.1.1.1", "223.255.255.255", "2606:4700:4700::1111",
                                        "2a00:1450:4001:80b::200e"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        expect(texts[i], true);
}

static void test_other_families_and_short_ones(void **state)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/var/run/dstack.sock"};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    (void)state;
    inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
    inet_pton(AF_INET6, "2606:4700:4700::1111", &v6.sin6_addr);
    assert_true(address_is_public((struct sockaddr *)&v4, sizeof v4));
    assert_true(address_is_public((struct sockaddr *)&v6, sizeof v6));
    assert_false(address_is_public((struct sockaddr *)&path, sizeof path));
    assert_false(address_is_public((struct sockaddr *)&v4, sizeof v4 - 1));
    assert_false(address_is_public((struct sockaddr *)&v6, sizeof v6 - 1));
}

static void test_hosts(void **state)
{
    static const struct {
        const char *host;
        bool is_public;
    } cases[] = {
        {"localhost", false},
        {"LocalHost", false},
        {"localhost.", false},
        {"a.localhost", false},
        {"notlocalhost", true},
        {"localhost.com", true},
        {"127.0.0.1", false},
        {"10.1.2.3", false},
        {"8.8.8.8", true},
        {"[::1]", false},
        {"[fd00::1]", false},
        {"[2606:4700::1]", true},
        {"[::ffff:10.0.0.1]", false},
        {"[fe80::1%25eth0]", false},
        {"[", true},
        {"", true},
        {"1691ed1b47506cad7d08834668691d88246f5b1f-8080.app.example.com", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (address_host_is_public(cases[i].host) != cases[i].is_public) fail_msg("%s", cases[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges), cmocka_unit_test(test_forms_of_ipv4),
        cmocka_unit_test(test_public), cmocka_unit_test(test_other_families_and_short_ones),
        cmocka_unit_test(test_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
