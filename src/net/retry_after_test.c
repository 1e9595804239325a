/* SPDX-License-Identifier: MIT */
#include "net/retry_after.h"

#include "unit.h"

#define NOON      "Wed, 05 Nov 2025 12:00:00 GMT"
#define NOON_TIME 1762344000

static void test_values(void **state)
{
    static const struct {
        const char *value, *date;
        uint64_t ms;
    } cases[] = {
        {NULL, NULL, 0},
        {NULL, NOON, 0},
        {"7", NULL, 7000},
        {"007", NULL, 7000},
        {"0", NULL, 0},
        {"299", NULL, 299000},
        {"300", NULL, 300000},
        {"301", NULL, 300000},
        {"99999999999999999999999999", NULL, 300000},
        {"20260101", NULL, 300000}, /* a number, though it looks like a date to some */
        /* Dates, from the answer's own on, or from now on. */
        {"Wed, 05 Nov 2025 12:00:07 GMT", NOON, 7000},
        {"Wed, 05 Nov 2025 12:00:07 GMT", NULL, 7000},
        {"Wednesday, 05-Nov-25 12:00:07 GMT", NOON, 7000},
        {"Wed Nov  5 12:00:07 2025", NOON, 7000},
        {"Wed, 05 Nov 2025 12:00:07 GMT", "Wed, 05 Nov 2025 12:00:02 GMT", 5000},
        {"Wed, 05 Nov 2025 12:00:07 GMT", "yesterday", 7000},
        {"Wed, 05 Nov 2025 12:00:00 GMT", NOON, 0},
        {"Wed, 05 Nov 2025 11:00:00 GMT", NOON, 0},
        {"Thu, 06 Nov 2025 12:00:00 GMT", NOON, 300000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", NOON, 300000},
        /* A machine whose clock is a day ahead of ours. */
        {"Thu, 06 Nov 2025 12:00:03 GMT", "Thu, 06 Nov 2025 12:00:00 GMT", 3000},
        /* Neither. */
        {"", NOON, 0},
        {" ", NOON, 0},
        {"-7", NOON, 0},
        {"+7", NOON, 0},
        {"7.5", NOON, 0},
        {"7 s", NOON, 0},
        {"soon", NOON, 0},
        {"0x7", NOON, 0},
        {"\xff\xfe", NOON, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t ms = net_retry_after_ms(cases[i].value, cases[i].date, NOON_TIME);
        if (ms != cases[i].ms) fail_msg("case %zu: %llu ms", i, (unsigned long long)ms);
    }
}

static void test_long_values(void **state)
{
    char text[4096];
    (void)state;
    memset(text, '9', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(net_retry_after_ms(text, text, NOON_TIME), NET_RETRY_AFTER_MAX_MS);
    memcpy(text, NOON, strlen(NOON));
    assert_int_equal(net_retry_after_ms(text, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_long_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
