/* SPDX-License-Identifier: MIT */
#include "registry/connection_url.h"

#include "base/hex.h"
#include "registry/statement.h"
#include "unit.h"

#include <stdio.h>

/* The rules together, as cluster/conditions.c applies them with what the contract answers. */
static bool passes_production(const char *url, const char *allowed)
{
    const char *base;
    size_t len;
    if (registry_url_check_production(url, &base, &len)) return false;
    return len == strlen(allowed) && memcmp(base, allowed, len) == 0;
}

static bool passes_bound(const char *url, const char *allowed, const uint8_t instance20[static 20])
{
    return passes_production(url, allowed) && registry_url_is_bound(url, instance20);
}

typedef struct rules {
    json_t *vectors;
    const char *base;
    uint8_t instance20[20];
} rules;

static rules load_rules(void)
{
    rules it = {.vectors = unit_vectors("urls.json")};
    it.base = unit_text(it.vectors, "base_domain");
    unit_hex(unit_text(it.vectors, "instance_id"), it.instance20, 20);
    return it;
}

typedef bool (*rule_fn)(const rules *it, const json_t *text);

/* In C a URL ends at a NUL, so one with a NUL inside is judged by what the SDK would be given: nothing of
 * it can get past its first NUL. Those of the vectors are told apart by their length. */
static bool holds_nul(const json_t *text)
{
    return strlen(json_string_value(text)) != json_string_length(text);
}

static size_t check_all(const char *mode, const char *verdict, bool expected, rule_fn rule)
{
    rules it = load_rules();
    json_t *text;
    size_t at;
    json_array_foreach(json_object_get(json_object_get(it.vectors, mode), verdict), at, text)
    {
        if (holds_nul(text)) continue;
        if (rule(&it, text) != expected) fail_msg("%s.%s: '%s'", mode, verdict, json_string_value(text));
    }
    json_decref(it.vectors);
    return at;
}

static bool production(const rules *it, const json_t *text)
{
    return passes_production(json_string_value(text), it->base);
}

static bool bound(const rules *it, const json_t *text)
{
    return passes_bound(json_string_value(text), it->base, it->instance20);
}

static bool dev(const rules *it, const json_t *text)
{
    (void)it;
    return registry_url_is_printable(json_string_value(text));
}

static bool base_domain(const rules *it, const json_t *text)
{
    char url[512];
    (void)it;
    snprintf(url, sizeof url, "https://label.%s", json_string_value(text));
    assert_int_equal(registry_is_base_domain(json_string_value(text)),
                     passes_production(url, json_string_value(text)));
    return passes_production(url, json_string_value(text));
}

static void test_production_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_all("production", "accept", true, production), 10);
    assert_int_equal(check_all("production", "reject", false, production), 43);
}

static void test_instance_bound_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_all("instance_bound", "accept", true, bound), 7);
    assert_int_equal(check_all("instance_bound", "reject", false, bound), 12);
}

static void test_dev_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_all("dev", "accept", true, dev), 6);
    assert_int_equal(check_all("dev", "reject", false, dev), 8);
}

static void test_length_of_base_domains(void **state)
{
    char domain[255] = "";
    (void)state;
    for (int i = 0; i < 126; i++)
        memcpy(domain + 2 * i, "a.", 2);
    domain[252] = 'a';
    assert_true(registry_is_base_domain(domain));
    memcpy(domain + 252, "aa", 2);
    assert_false(registry_is_base_domain(domain));
}

static void test_base_domain_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_all("base_domains", "accept", true, base_domain), 3);
    assert_int_equal(check_all("base_domains", "reject", false, base_domain), 17);
}

static void test_every_byte_in_dev_mode(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char url[] = {'a', (char)c, 'b', '\0'};
        assert_int_equal(registry_url_is_printable(url), c >= 0x21 && c <= 0x7e);
    }
}

static void test_every_byte_of_a_host(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char url[64];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        snprintf(url, sizeof url, "https://a%cb.example.com", c);
        if (c == '.') continue; /* there the base domain is another one */
        assert_int_equal(passes_production(url, "example.com"), good);
        snprintf(url, sizeof url, "https://ab.exam%cple.com", c);
        const char *base;
        size_t len;
        assert_int_equal(!registry_url_check_production(url, &base, &len), good);
    }
}

static void test_length_limits(void **state)
{
    char url[REGISTRY_URL_MAX + 2];
    (void)state;
    memset(url, 'x', sizeof url);
    url[REGISTRY_URL_MAX] = '\0';
    assert_true(registry_url_is_printable(url));
    url[REGISTRY_URL_MAX] = 'x';
    url[REGISTRY_URL_MAX + 1] = '\0';
    assert_false(registry_url_is_printable(url));
    assert_false(registry_url_is_printable(""));
}

/* A label of `label` bytes, then labels of up to 63 bytes, `host` bytes in all. */
static void make_host_url(char *url, size_t label, size_t host, const char *rest)
{
    char *at = url + sprintf(url, "https://");
    for (size_t i = 0; i < label; i++)
        *at++ = 'l';
    for (size_t left = host - label; left; left -= left > 64 ? 64 : left) {
        size_t part = (left > 64 ? 64 : left) - 1;
        *at++ = '.';
        memset(at, 'b', part);
        at += part;
    }
    strcpy(at, rest);
}

static void test_host_limits(void **state)
{
    char url[512];
    const char *base;
    size_t len;
    (void)state;
    make_host_url(url, 61, 248, "");
    assert_int_equal(strlen(url), 256);
    assert_null(registry_url_check_production(url, &base, &len));
    assert_int_equal(len, 186);
    make_host_url(url, 61, 249, "");
    assert_non_null(registry_url_check_production(url, &base, &len));
    make_host_url(url, 63, 129, "");
    assert_null(registry_url_check_production(url, &base, &len));
    make_host_url(url, 64, 130, "");
    assert_non_null(registry_url_check_production(url, &base, &len));
}

static void test_ports(void **state)
{
    static const char *const good[] = {":1", ":80", ":443/", ":65535", ":9/", "", "/"};
    static const char *const bad[] = {
        ":",   ":0",  ":00", ":01", ":65536", ":99999", ":100000", ":4294967297", ":18446744073709551617",
        ":+1", ":-1", ": 1", ":1a", ":a",     ":1:1",   ":1//",    "/a",          "//",
        "/.",  "?",   "#",   ":1?", ":1#",    "/?",     "\\",      "@b",          ":1@b"};
    char url[128];
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        snprintf(url, sizeof url, "https://a.b.c%s", good[i]);
        if (!passes_production(url, "b.c")) fail_msg("refused: %s", url);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(url, sizeof url, "https://a.b.c%s", bad[i]);
        if (passes_production(url, "b.c")) fail_msg("accepted: %s", url);
    }
}

static void test_scheme_is_exact(void **state)
{
    static const char *const bad[] = {"http://a.b.c", "Https://a.b.c",  "https:/a.b.c", "https:a.b.c",
                                      "https//a.b.c", "xhttps://a.b.c", "wss://a.b.c",  "https:///a.b.c"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (passes_production(bad[i], "b.c")) fail_msg("accepted: %s", bad[i]);
}

/* The sentence tells which rule it was. */
static void test_reasons(void **state)
{
    static const struct {
        const char *url, *part;
    } cases[] = {{"", "1 to 256"},
                 {"http://a.b.c", "https://"},
                 {"https://localhost", "<label>.<base domain>"},
                 {"https://a_b.b.c", "first label"},
                 {"https://a.localhost", "base domain"},
                 {"https://a.b.c/x", ":port"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *base;
        size_t len;
        const char *reason = registry_url_check_production(cases[i].url, &base, &len);
        assert_non_null(reason);
        if (!strstr(reason, cases[i].part)) fail_msg("%s: %s", cases[i].url, reason);
    }
}

static void test_bound_to_another_instance(void **state)
{
    (void)state;
    uint8_t instance[20];
    memset(instance, 0xab, sizeof instance);
    const char *url = "https://abababababababababababababababababababab-443s.a.b";
    assert_true(registry_url_is_bound(url, instance));
    instance[19] = 0xac;
    assert_false(registry_url_is_bound(url, instance));
    instance[19] = 0xab;
    instance[0] = 0xbb;
    assert_false(registry_url_is_bound(url, instance));
}

/* Only what the contract keeps in a few bits, nothing behind the base domain. */
static void test_gateway_urls(void **state)
{
    static const char id[] = "1691ed1b47506cad7d08834668691d88246f5b1f";
    static const char *const yes[] = {"", "-s", "-g", "-1", "-443", "-65535s", "-5432g"};
    static const char *const no[] = {"-", "-0", "-ss", "-65536", "x"};
    uint8_t instance[20];
    char url[128];
    (void)state;
    assert_true(base_hex_decode(id, 40, instance, 20));
    for (size_t i = 0; i < COUNT(yes); i++) {
        snprintf(url, sizeof url, "https://%s%s.gateway.example", id, yes[i]);
        assert_true(registry_url_is_gateway(url, instance));
        strcat(url, i % 2 ? "/" : ":443");
        assert_false(registry_url_is_gateway(url, instance));
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        snprintf(url, sizeof url, "https://%s%s.gateway.example", id, no[i]);
        assert_false(registry_url_is_gateway(url, instance));
    }
    assert_false(registry_url_is_gateway("https://a.gateway.example", instance));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_production_vectors),
        cmocka_unit_test(test_instance_bound_vectors),
        cmocka_unit_test(test_dev_vectors),
        cmocka_unit_test(test_base_domain_vectors),
        cmocka_unit_test(test_length_of_base_domains),
        cmocka_unit_test(test_every_byte_in_dev_mode),
        cmocka_unit_test(test_every_byte_of_a_host),
        cmocka_unit_test(test_length_limits),
        cmocka_unit_test(test_host_limits),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_scheme_is_exact),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_bound_to_another_instance),
        cmocka_unit_test(test_gateway_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
