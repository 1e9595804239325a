/* SPDX-License-Identifier: MIT */
#include "cli/owner/argument.h"

#include "unit.h"

static const cli_command command = {.name = "test", .arguments = ""};
static const cli_run run = {.command = &command};

#define ID     "59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a"
#define ZEROS  "0000000000000000000000000000000000000000"
#define DIGITS "5fbdb2315678afecb367f032d93f642f64180aa3"
#define MIXED  "5FbDB2315678afecb367f032d93F642f64180aa3"
#define HASH   "3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3"

static owner_argument accept(owner_kind kind, const char *text)
{
    owner_argument argument;
    if (owner_read_argument(&run, "it", kind, text, &argument)) fail_msg("'%s' was refused", text);
    assert_ptr_equal(argument.text, text);
    return argument;
}

static void refuse(owner_kind kind, const char *const *texts)
{
    owner_argument argument;
    for (; *texts; texts++)
        if (owner_read_argument(&run, "it", kind, *texts, &argument) != CLI_USAGE)
            fail_msg("'%s' was taken", *texts);
}

static void test_instances(void **state)
{
    static const char *const bad[] = {
        "",     ZEROS,        "0x" ID, ID "a", "59df8036b824b0aac54f8998b9e1fb2a0cfc5d3",
        " " ID, MIXED "0000", ID "\n", MIXED,  "59df8036b824b0aac54f8998b9e1fb2a0cfc5d3g",
        HASH,   NULL};
    (void)state;
    owner_argument argument = accept(OWNER_INSTANCE, ID);
    assert_int_equal(argument.abi.len, 40);
    assert_memory_equal(argument.abi.data, ID, 40);
    assert_hex(argument.bytes32, 20, ID);
    refuse(OWNER_INSTANCE, bad);
}

static void test_addresses(void **state)
{
    static const char *const bad[] = {"",
                                      DIGITS,
                                      "0x" DIGITS "0",
                                      "0x5fbdb2315678afecb367f032d93f642f64180a",
                                      "0x5fBDB2315678afecb367f032d93F642f64180aa3", /* checksum */
                                      "0x5fbdb2315678afecb367f032d93f642f64180aaz",
                                      "0x" HASH,
                                      NULL};
    static const char *const zero[] = {"0x" ZEROS, NULL};
    (void)state;
    assert_hex(accept(OWNER_ADDRESS, "0x" MIXED).bytes32, 20, DIGITS);
    assert_hex(accept(OWNER_ADDRESS, "0x" DIGITS).bytes32, 20, DIGITS);
    assert_hex(accept(OWNER_ADDRESS_OR_ZERO, "0x" ZEROS).bytes32, 20, ZEROS);
    refuse(OWNER_ADDRESS, bad);
    refuse(OWNER_ADDRESS_OR_ZERO, bad);
    refuse(OWNER_ADDRESS, zero);
}

static void test_apps(void **state)
{
    static const char *const bad[] = {"",
                                      "0x" ZEROS,
                                      ZEROS,
                                      "5fBDB2315678afecb367f032d93F642f64180aa3",
                                      "0x" DIGITS "0",
                                      "app",
                                      "xx5fbdb2315678afecb367f032d93f642f64180a",
                                      NULL};
    (void)state;
    assert_hex(accept(OWNER_APP, DIGITS).bytes32, 20, DIGITS);
    assert_hex(accept(OWNER_APP, "0x" MIXED).bytes32, 20, DIGITS);
    assert_hex(accept(OWNER_APP, MIXED).bytes32, 20, DIGITS);
    refuse(OWNER_APP, bad);
}

static void test_domains(void **state)
{
    static const char *const bad[] = {
        "",           "example",    "a.example.",  ".a.example",        "A.example",     "a..example",
        "a.1",        "-a.example", "a_b.example", "https://a.example", "a.example:443", "xn--a.b",
        "a.example/", " a.example", NULL};
    (void)state;
    owner_argument argument = accept(OWNER_DOMAIN, "dstack-pha-prod7.phala.network");
    assert_int_equal(argument.abi.len, 30);
    accept(OWNER_DOMAIN, "a.b");
    refuse(OWNER_DOMAIN, bad);
}

static void test_hashes(void **state)
{
    static const char *const bad[] = {
        "",          "0x",   HASH "00",
        "0x0x" HASH, DIGITS, "zz1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3",
        NULL};
    (void)state;
    owner_argument plain = accept(OWNER_HASH, HASH), prefixed = accept(OWNER_HASH, "0x" HASH);
    assert_hex(plain.bytes32, 32, HASH);
    assert_hex(prefixed.bytes32, 32, HASH);
    refuse(OWNER_HASH, bad);
}

static void test_switches_and_times(void **state)
{
    static const char *const no_switch[] = {"", "true", "1", "ON", "on ", "yes", NULL};
    static const char *const no_time[] = {"",   "-1",      "1.5", "500ms", "24 h", "137438953472",
                                          "1w", "forever", NULL};
    (void)state;
    assert_int_equal(accept(OWNER_SWITCH, "on").abi.value, 1);
    assert_int_equal(accept(OWNER_SWITCH, "off").abi.value, 0);
    assert_int_equal(accept(OWNER_SECONDS, "24h").abi.value, 86400);
    assert_int_equal(accept(OWNER_SECONDS, "0").abi.value, 0);
    assert_int_equal(accept(OWNER_SECONDS, "2000ms").abi.value, 2);
    assert_int_equal(accept(OWNER_SECONDS, "137438953471").abi.value, 137438953471);
    refuse(OWNER_SWITCH, no_switch);
    refuse(OWNER_SECONDS, no_time);
}

static void test_repeats(void **state)
{
    char id[] = ID, digits[] = DIGITS, low[] = "0x" DIGITS, mixed[] = "0x" MIXED;
    char *same[] = {low, id, mixed}, *other[] = {id, digits};
    cli_run it = run;
    (void)state;
    it.arguments = same;
    it.argument_count = COUNT(same);
    assert_int_equal(owner_refuse_repeats(&it), CLI_USAGE);
    it.arguments = other;
    it.argument_count = COUNT(other);
    assert_int_equal(owner_refuse_repeats(&it), 0);
    it.argument_count = 0;
    assert_int_equal(owner_refuse_repeats(&it), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instances), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_apps),      cmocka_unit_test(test_domains),
        cmocka_unit_test(test_hashes),    cmocka_unit_test(test_switches_and_times),
        cmocka_unit_test(test_repeats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
