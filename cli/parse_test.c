/* SPDX-License-Identifier: MIT */
#include "cli/parse.h"

#include "said.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

static const cli_option own[] = {{"dry-run", 'n', NULL, NULL, ""},
                                 {"key", 'k', "FILE", "PARSE_TEST_KEY", ""},
                                 {"rpc-url", 'r', "URL", NULL, ""},
                                 {"rpc-timeout", 0, "TIME", NULL, ""},
                                 {0}};

static const cli_command try = {
    .name = "try", .arguments = "WHO [WHAT]", .least = 1, .most = 2, .options = own};

/* ---- Command lines ---- */

enum { WORDS_MAX = 16 };
static char line_copy[512];

static int parse(cli_run *run, const char *line)
{
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    snprintf(line_copy, sizeof line_copy, "try %s", line);
    for (char *word = strtok(line_copy, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return cli_parse(run, &try, argc, argv);
}

static void expect_misuse(const char *line, const char *part)
{
    cli_run run;
    assert_int_equal(parse(&run, line), CLI_USAGE);
    expect_said(part);
}

static void test_options_and_arguments(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "--key a.txt who -n"), CLI_GO);
    assert_string_equal(cli_value(&run, "key"), "a.txt");
    assert_true(cli_has(&run, "dry-run"));
    assert_false(cli_has(&run, "rpc-url"));
    assert_false(run.json || run.verbose);
    assert_int_equal(run.argument_count, 1);
    assert_string_equal(run.arguments[0], "who");
    assert_null(cli_value(&run, "no-such-option"));
}

static void test_ways_to_give_a_value(void **state)
{
    static const char *const lines[] = {"who --key=f", "who --key f", "who -kf",  "who -k f",
                                        "who -nkf",    "who -nk f",   "-k f who", "who --ke f"};
    cli_run run;
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        assert_int_equal(parse(&run, lines[i]), CLI_GO);
        assert_string_equal(cli_value(&run, "key"), "f");
    }
}

/* The next word is the value, whatever it looks like. */
static void test_values_that_look_like_options(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "who --key --json"), CLI_GO);
    assert_string_equal(cli_value(&run, "key"), "--json");
    assert_false(run.json);
}

static void test_what_follows_two_dashes(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "-n -- --key -n"), CLI_GO);
    assert_int_equal(run.argument_count, 2);
    assert_string_equal(run.arguments[0], "--key");
    assert_string_equal(run.arguments[1], "-n");
    assert_null(cli_value(&run, "key"));
    assert_int_equal(parse(&run, "- who"), CLI_GO);
    assert_string_equal(run.arguments[0], "-");
}

static void test_abbreviations(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "who --rpc-u x --dry"), CLI_GO);
    assert_string_equal(cli_value(&run, "rpc-url"), "x");
    assert_true(cli_has(&run, "dry-run"));
    expect_misuse("who --rpc x", "there is no option --rpc, or it is an abbreviation of several");
}

static void test_what_is_no_option(void **state)
{
    (void)state;
    expect_misuse("who --nothing", "dstack-p2p try: there is no option --nothing");
    expect_misuse("who --nothing=secret", "there is no option --nothing,");
    expect_misuse("who -x", "there is no option -x\n");
    expect_misuse("who -nx", "there is no option -x\n");
    expect_misuse("--key f -xn who", "there is no option -x\n");
    expect_misuse("--dry-run -xn who", "there is no option -x\n");
    expect_misuse("who --dry-run=yes", "--dry-run takes no value");
    expect_misuse("who -x", "Try 'dstack-p2p try --help'.");
}

static void test_missing_values(void **state)
{
    (void)state;
    expect_misuse("who --key", "--key needs a value");
    expect_misuse("who --key=", "--key is given an empty value");
    expect_misuse("--key= --nothing who", "--key is given an empty value");
    expect_misuse("who -k", "-k needs a value");
    expect_misuse("who -nk", "-k needs a value");
}

static void test_given_twice(void **state)
{
    (void)state;
    expect_misuse("who --key a --key b", "--key is given twice");
    expect_misuse("who -k a --key=b", "--key is given twice");
    expect_misuse("who -nn", "--dry-run is given twice");
}

static void test_number_of_arguments(void **state)
{
    cli_run run;
    (void)state;
    expect_misuse("-n", "something is missing: try WHO [WHAT]");
    expect_misuse("a b c", "'c' is more than it takes");
    assert_int_equal(parse(&run, "a b"), CLI_GO);
}

/* It may be a private key. */
static void test_long_arguments_are_not_told(void **state)
{
    (void)state;
    expect_misuse("a b 0123456789012345678901234567890123456789012345678901234567890123",
                  "'...' is more than it takes");
}

static void test_help_comes_before_arguments(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "--help"), CLI_HELP);
    assert_int_equal(parse(&run, "a b c -h"), CLI_HELP);
    expect_misuse("--no --help", "there is no option --no");
}

/* Also what comes before --json on the line is said as JSON, and control characters are not passed on. */
static void test_misuse_as_json(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(parse(&run, "who --bad\033 --json"), CLI_USAGE);
    assert_true(run.json);
    expect_said("{\"error\": {\"code\": 2, \"message\": \"there is no option --bad?");
}

static void test_environment_is_second(void **state)
{
    cli_run run;
    (void)state;
    assert_int_equal(setenv("PARSE_TEST_KEY", "env", 1), 0);
    assert_int_equal(parse(&run, "who --key line"), CLI_GO);
    assert_string_equal(cli_value(&run, "key"), "line");
    assert_int_equal(parse(&run, "who"), CLI_GO);
    assert_string_equal(cli_value(&run, "key"), "env");
    assert_int_equal(setenv("PARSE_TEST_KEY", "", 1), 0);
    assert_null(cli_value(&run, "key"));
    unsetenv("PARSE_TEST_KEY");
    assert_null(cli_value(&run, "key"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, said_begin, said_end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_options_and_arguments),
                                       TEST(test_ways_to_give_a_value),
                                       TEST(test_values_that_look_like_options),
                                       TEST(test_what_follows_two_dashes),
                                       TEST(test_abbreviations),
                                       TEST(test_what_is_no_option),
                                       TEST(test_missing_values),
                                       TEST(test_given_twice),
                                       TEST(test_number_of_arguments),
                                       TEST(test_long_arguments_are_not_told),
                                       TEST(test_help_comes_before_arguments),
                                       TEST(test_misuse_as_json),
                                       TEST(test_environment_is_second)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
