/* SPDX-License-Identifier: MIT */
#include "base/hex.h"

#include "unit.h"

/* The value of a digit, the plain way; -1 for what is none. */
static int value_of(int c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static void test_every_pair_of_bytes(void **state)
{
    (void)state;
    for (int high = 0; high < 256; high++)
        for (int low = 0; low < 256; low++) {
            char pair[2] = {(char)high, (char)low};
            uint8_t out = 0;
            bool good = value_of(high) >= 0 && value_of(low) >= 0;
            if (base_hex_decode(pair, 2, &out, 1) != good) fail_msg("%02x %02x", high, low);
            if (good) assert_int_equal(out, value_of(high) * 16 + value_of(low));
        }
}

/* One bad byte anywhere spoils the whole. */
static void test_bad_digit_anywhere(void **state)
{
    (void)state;
    for (size_t at = 0; at < 64; at++) {
        char text[64];
        uint8_t out[32];
        memset(text, 'a', sizeof text);
        assert_true(base_hex_decode(text, 64, out, 32));
        text[at] = 'g';
        assert_false(base_hex_decode(text, 64, out, 32));
    }
}

static void test_lengths(void **state)
{
    uint8_t out[4];
    (void)state;
    assert_true(base_hex_decode("", 0, out, 0));
    assert_true(base_hex_decode("0102", 4, out, 2));
    assert_false(base_hex_decode("010", 3, out, 1));
    assert_false(base_hex_decode("010", 3, out, 2));
    assert_false(base_hex_decode("0102", 4, out, 1));
    assert_false(base_hex_decode("0102", 4, out, 3));
    assert_false(base_hex_decode("0", 1, out, 0));
    assert_false(base_hex_decode("", 0, out, 1));
    assert_false(base_hex_decode("0x01", 4, out, 2));
    assert_false(base_hex_decode("01", SIZE_MAX, out, SIZE_MAX / 2));
}

static void test_case(void **state)
{
    uint8_t out[6];
    char text[13];
    (void)state;
    assert_true(base_hex_decode("AbCdEf", 6, out, 3));
    assert_memory_equal(out, "\xab\xcd\xef", 3);
    base_hex_encode(out, 3, text);
    assert_string_equal(text, "abcdef");
}

static void test_every_byte_there_and_back(void **state)
{
    uint8_t bytes[256], back[256];
    char text[513];
    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    base_hex_encode(bytes, 256, text);
    assert_int_equal(strlen(text), 512);
    assert_true(base_hex_is_lower(text, 512));
    assert_true(base_hex_decode(text, 512, back, 256));
    assert_memory_equal(bytes, back, 256);
    base_hex_encode(bytes, 0, text);
    assert_string_equal(text, "");
}

static void test_is_lower(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text = (char)c;
        assert_int_equal(base_hex_is_lower(&text, 1), value_of(c) >= 0 && !(c >= 'A' && c <= 'F'));
    }
    assert_true(base_hex_is_lower("", 0));
    assert_false(base_hex_is_lower("00A", 3));
    assert_true(base_hex_is_lower("00A", 2));
}

static void test_prefix(void **state)
{
    (void)state;
    assert_string_equal(base_hex_skip_prefix("0x12"), "12");
    assert_string_equal(base_hex_skip_prefix("12"), "12");
    assert_string_equal(base_hex_skip_prefix("0X12"), "0X12");
    assert_string_equal(base_hex_skip_prefix("0x0x12"), "0x12");
    assert_string_equal(base_hex_skip_prefix("0x"), "");
    assert_string_equal(base_hex_skip_prefix("0"), "0");
    assert_string_equal(base_hex_skip_prefix(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_bytes),
        cmocka_unit_test(test_bad_digit_anywhere),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_case),
        cmocka_unit_test(test_every_byte_there_and_back),
        cmocka_unit_test(test_is_lower),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
