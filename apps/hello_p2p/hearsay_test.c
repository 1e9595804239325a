/* SPDX-License-Identifier: MIT */
#include "hearsay.h"

#include "unit.h"

#include <stdio.h>

#define ID_A "1691ed1b47506cad7d08834668691d88246f5b1f"
#define ID_B "00000000000000000000000000000000000000aa"

static const char *parse(const char *body, hello_told **told, size_t *count)
{
    return hearsay_parse(body, strlen(body), told, count);
}

static void test_what_a_peer_says(void **state)
{
    hello_told *told;
    size_t count;
    (void)state;
    assert_null(parse("{\"peers\": [], \"peer_info\": ["
                      "{\"instance_id\": \"" ID_A
                      "\", \"last_contact\": 1700000000, \"greeted_us_at\": null},"
                      "{\"instance_id\": \"" ID_B "\", \"last_contact\": null, \"error\": \"no\"}]}",
                      &told, &count));
    assert_int_equal(count, 2);
    assert_string_equal(told[0].id, ID_A);
    assert_int_equal(told[0].at, 1700000000);
    assert_string_equal(told[1].id, ID_B);
    assert_int_equal(told[1].at, 0);
    free(told);
}

/* Each of these says nothing about anybody, and harms nobody. */
static void test_nonsense_is_skipped(void **state)
{
    static const char *const entries[] = {
        "null",
        "[]",
        "\"" ID_A "\"",
        "{}",
        "{\"instance_id\": 5, \"last_contact\": 5}",
        "{\"instance_id\": \"" ID_A "0\", \"last_contact\": 5}",
        "{\"instance_id\": \"<img src=x>\", \"last_contact\": 5}",
        "{\"instance_id\": \"" ID_A "\"}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": null}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": -5, \"error\": \"no\"}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": 9223372036854775807}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": 1.5}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": \"5\"}",
        "{\"instance_id\": \"" ID_A "\", \"last_contact\": null, \"error\": 5}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(entries); i++) {
        char body[512];
        hello_told *told;
        size_t count;
        snprintf(body, sizeof body, "{\"peer_info\": [%s]}", entries[i]);
        assert_null(parse(body, &told, &count));
        if (count) fail_msg("%s", entries[i]);
        free(told);
    }
}

static void test_what_is_no_answer(void **state)
{
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"peer_info\": {}}",
                                         "{\"peer_info\": [}",
                                         "{\"peer_info\": [], \"peer_info\": []}",
                                         "<html>",
                                         "\xff"};
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        hello_told *told;
        size_t count;
        if (!parse(bodies[i], &told, &count)) fail_msg("%s", bodies[i]);
        assert_null(told);
        assert_int_equal(count, 0);
    }
    hello_told *told;
    size_t count;
    assert_non_null(hearsay_parse(NULL, 0, &told, &count));
}

static void test_how_much_is_kept(void **state)
{
    enum { ENTRIES = 1000 };
    char *body = malloc(ENTRIES * 100 + 100);
    hello_told *told;
    size_t count, len;
    (void)state;
    assert_non_null(body);
    len = (size_t)sprintf(body, "{\"peer_info\": [");
    for (unsigned i = 0; i < ENTRIES; i++)
        len += (size_t)sprintf(body + len, "%s{\"instance_id\": \"%040x\", \"last_contact\": 5}",
                               i ? "," : "", i);
    sprintf(body + len, "]}");
    assert_null(parse(body, &told, &count));
    assert_int_equal(count, HEARSAY_PEERS);
    free(told);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_peer_says),
        cmocka_unit_test(test_nonsense_is_skipped),
        cmocka_unit_test(test_what_is_no_answer),
        cmocka_unit_test(test_how_much_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
