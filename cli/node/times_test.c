/* SPDX-License-Identifier: MIT */
#include "cli/node/times.h"

#include "unit.h"

static void expect_duration(uint64_t to, uint64_t from, const char *expected)
{
    char text[NODE_TIME_TEXT];
    node_duration(to, from, text);
    assert_string_equal(text, expected);
}

static void test_durations(void **state)
{
    (void)state;
    expect_duration(5, 5, "0 s");
    expect_duration(5, 6, "0 s");
    expect_duration(119, 0, "119 s");
    expect_duration(120, 0, "2 min");
    expect_duration(7199, 0, "119 min");
    expect_duration(86399, 0, "23 h 59 min");
    expect_duration(172800, 0, "2 d");
    expect_duration(UINT64_MAX, 0, "213503982334601 d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_durations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
