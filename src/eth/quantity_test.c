/* SPDX-License-Identifier: MIT */
#include "eth/quantity.h"

#include "unit.h"

static bool read_u64(const char *text, uint64_t *value)
{
    json_t *json = json_string(text);
    bool ok = eth_quantity_u64(json, value);
    json_decref(json);
    return ok;
}

static bool read_wei(const char *text, eth_wei *value)
{
    json_t *json = json_string(text);
    bool ok = eth_quantity_wei(json, value);
    json_decref(json);
    return ok;
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {{"0x0", 0},
                 {"0x1", 1},
                 {"0x2a", 42},
                 {"0x2A", 42},
                 {"0xabcDEF", 0xabcdef},
                 {"0x00000000000000000000000000000001", 1},
                 {"0x0000000000000000000000000000000000000000000000000000000000000007", 7},
                 {"0x7fffffffffffffff", INT64_MAX}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 99;
        assert_true(read_u64(cases[i].text, &value));
        assert_true(value == cases[i].value);
    }
}

static void test_no_numbers(void **state)
{
    static const char *const bad[] = {"0x8000000000000000",
                                      "0xffffffffffffffff",
                                      "",
                                      "0",
                                      "x",
                                      "0x",
                                      "1",
                                      "42",
                                      "0X1",
                                      "0xg",
                                      "0x 1",
                                      "0x1 ",
                                      " 0x1",
                                      "0x+1",
                                      "0x-1",
                                      "-0x1",
                                      "0x1.",
                                      "0x1\n",
                                      "0x0x1",
                                      "0x10000000000000000",
                                      "0xffffffffffffffffffffffffffffffff",
                                      "0x00000000000000000000000000000000000000000000000000000000000000001",
                                      "0x\xc3\xa9"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t value = 99;
        if (read_u64(bad[i], &value)) fail_msg("accepted: '%s'", bad[i]);
        assert_int_equal(value, 99);
    }
}

static void test_other_types(void **state)
{
    json_t *values[] = {json_null(), json_true(), json_integer(7), json_real(7), json_array(), json_object()};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        uint64_t value;
        eth_wei wei;
        uint8_t byte;
        base_buf out = base_buf_make(16);
        assert_false(eth_quantity_u64(values[i], &value));
        assert_false(eth_quantity_wei(values[i], &wei));
        assert_false(eth_data_fixed(values[i], &byte, 1));
        assert_false(eth_data_bytes(values[i], &out));
        base_buf_free(&out);
        json_decref(values[i]);
    }
    uint64_t value;
    assert_false(eth_quantity_u64(NULL, &value));
}

static void test_amounts_saturate(void **state)
{
    eth_wei wei;
    (void)state;
    assert_true(read_wei("0xffffffffffffffffffffffffffffffff", &wei) && wei == ETH_WEI_MAX);
    assert_true(read_wei("0xfffffffffffffffffffffffffffffffe", &wei) && wei == ETH_WEI_MAX - 1);
    assert_true(read_wei("0x100000000000000000000000000000000", &wei) && wei == ETH_WEI_MAX);
    assert_true(read_wei("0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", &wei) &&
                wei == ETH_WEI_MAX);
    assert_true(read_wei("0x10000000000000000", &wei) && wei == (eth_wei)1 << 64);
    assert_false(read_wei("0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", &wei));
}

static void test_fixed_data(void **state)
{
    static const char *const bad[] = {"0x",     "0x01",   "0x010203", "0x010", "0102",
                                      "0x01g2", "0X0102", "0x 102",   ""};
    uint8_t out[2];
    (void)state;
    json_t *json = json_string("0x0aFf");
    assert_true(eth_data_fixed(json, out, 2));
    assert_hex(out, 2, "0aff");
    for (size_t i = 0; i < COUNT(bad); i++) {
        json_string_set(json, bad[i]);
        assert_false(eth_data_fixed(json, out, 2));
    }
    json_string_set(json, "0x");
    assert_true(eth_data_fixed(json, out, 0));
    json_decref(json);
}

/* Data is decoded in chunks: lengths around them. */
static void test_data_of_every_length(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 5000};
    uint8_t pattern[5000];
    (void)state;
    unit_pattern(pattern, sizeof pattern);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        base_buf text = base_buf_make(20000), out = base_buf_make(lengths[i]);
        base_buf_puts(&text, "0x");
        base_buf_hex(&text, pattern, lengths[i]);
        json_t *json = json_string(text.data);
        assert_true(eth_data_bytes(json, &out));
        assert_int_equal(out.len, lengths[i]);
        if (out.len) assert_memory_equal(out.data, pattern, out.len);
        json_decref(json);
        base_buf_free(&text);
        base_buf_free(&out);
    }
}

static void test_data_that_is_none(void **state)
{
    static const char *const bad[] = {"", "0", "0x0", "0x012", "01", "0xz0", "0x0z", "0x01 ", "0x-1"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        base_buf out = base_buf_make(16);
        json_t *json = json_string(bad[i]);
        assert_false(eth_data_bytes(json, &out));
        json_decref(json);
        base_buf_free(&out);
    }
    base_buf out = base_buf_make(2);
    json_t *json = json_string("0x010203");
    assert_false(eth_data_bytes(json, &out));
    assert_true(out.overflow);
    json_decref(json);
    base_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),           cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_other_types),       cmocka_unit_test(test_amounts_saturate),
        cmocka_unit_test(test_fixed_data),        cmocka_unit_test(test_data_of_every_length),
        cmocka_unit_test(test_data_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
