/* SPDX-License-Identifier: MIT */
#include "eth/rlp.h"

#include "unit.h"

static base_buf list_of(size_t count, const char *const *items)
{
    base_buf inner = base_buf_make(4096), out = base_buf_make(4096);
    for (size_t i = 0; i < count; i++)
        eth_rlp_bytes(&inner, items[i], strlen(items[i]));
    eth_rlp_list(&out, &inner);
    base_buf_free(&inner);
    return out;
}

static void expect_bytes(const void *data, size_t len, const char *hex)
{
    base_buf out = base_buf_make(4096);
    eth_rlp_bytes(&out, data, len);
    assert_hex(out.data, out.len, hex);
    base_buf_free(&out);
}

static void expect_uint(eth_wei value, const char *hex)
{
    base_buf out = base_buf_make(64);
    eth_rlp_uint(&out, value);
    assert_hex(out.data, out.len, hex);
    base_buf_free(&out);
}

static void test_examples(void **state)
{
    static const char *const animals[] = {"cat", "dog"};
    (void)state;
    expect_bytes("dog", 3, "83646f67");
    expect_bytes("", 0, "80");
    expect_bytes(NULL, 0, "80");
    expect_bytes("\x00", 1, "00");
    expect_bytes("\x0f", 1, "0f");
    expect_bytes("\x7f", 1, "7f");
    expect_bytes("\x80", 1, "8180");
    expect_bytes("\xff", 1, "81ff");
    expect_bytes("\x04\x00", 2, "820400");
    expect_bytes("\x00\x00", 2, "820000");
    expect_bytes(
        "Lorem ipsum dolor sit amet, consectetur adipisicing elit", 56,
        "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963"
        "696e6720656c6974");
    base_buf out = list_of(2, animals);
    assert_hex(out.data, out.len, "c88363617483646f67");
    base_buf_free(&out);
    out = list_of(0, NULL);
    assert_hex(out.data, out.len, "c0");
    base_buf_free(&out);
}

/* [ [], [[]], [ [], [[]] ] ] */
static void test_nested_lists(void **state)
{
    (void)state;
    base_buf empty = base_buf_make(16), one = base_buf_make(16), two = base_buf_make(16),
             pair = base_buf_make(16), three = base_buf_make(16), all = base_buf_make(16),
             out = base_buf_make(16);
    eth_rlp_list(&one, &empty); /* [] */
    eth_rlp_list(&two, &one);   /* [[]] */
    base_buf_append(&pair, one.data, one.len);
    base_buf_append(&pair, two.data, two.len);
    eth_rlp_list(&three, &pair); /* [[], [[]]] */
    base_buf_append(&all, pair.data, pair.len);
    base_buf_append(&all, three.data, three.len);
    eth_rlp_list(&out, &all);
    assert_hex(out.data, out.len, "c7c0c1c0c3c0c1c0");
    base_buf *bufs[] = {&empty, &one, &two, &pair, &three, &all, &out};
    for (size_t i = 0; i < COUNT(bufs); i++)
        base_buf_free(bufs[i]);
}

static void test_integers(void **state)
{
    (void)state;
    expect_uint(0, "80");
    expect_uint(1, "01");
    expect_uint(15, "0f");
    expect_uint(127, "7f");
    expect_uint(128, "8180");
    expect_uint(255, "81ff");
    expect_uint(256, "820100");
    expect_uint(1024, "820400");
    expect_uint(UINT64_MAX, "88ffffffffffffffff");
    expect_uint((eth_wei)UINT64_MAX + 1, "89010000000000000000");
    expect_uint(ETH_WEI_MAX, "90ffffffffffffffffffffffffffffffff");
}

static void test_uint256(void **state)
{
    uint8_t value[33] = {0};
    (void)state;
    static const char *const expected[] = {"80", "01", "820100", "83010000"};
    for (size_t i = 0; i < COUNT(expected); i++) {
        base_buf out = base_buf_make(64);
        memset(value, 0, sizeof value);
        if (i) value[32 - i] = 1;
        eth_rlp_uint256(&out, value);
        assert_hex(out.data, out.len, expected[i]);
        base_buf_free(&out);
    }
    base_buf out = base_buf_make(64);
    memset(value, 0xff, sizeof value);
    eth_rlp_uint256(&out, value);
    assert_hex(out.data, out.len, "a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    base_buf_free(&out);
}

/* Where the header grows: its bytes and the length of the whole. */
static void test_header_boundaries(void **state)
{
    static const struct {
        size_t len;
        const char *string, *list;
    } cases[] = {
        {54, "b6", "f6"},
        {55, "b7", "f7"},
        {56, "b838", "f838"},
        {57, "b839", "f839"},
        {255, "b8ff", "f8ff"},
        {256, "b90100", "f90100"},
        {257, "b90101", "f90101"},
        {65535, "b9ffff", "f9ffff"},
        {65536, "ba010000", "fa010000"},
        {1 << 20, "ba100000", "fa100000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = cases[i].len, head = strlen(cases[i].string) / 2;
        base_buf data = base_buf_make(len), out = base_buf_make(len + 9);
        for (size_t n = 0; n < len; n++)
            base_buf_append(&data, "\xee", 1);
        eth_rlp_bytes(&out, data.data, data.len);
        assert_int_equal(out.len, head + len);
        assert_hex(out.data, head, cases[i].string);
        assert_memory_equal(out.data + head, data.data, len);
        base_buf_reset(&out);
        eth_rlp_list(&out, &data);
        assert_int_equal(out.len, head + len);
        assert_hex(out.data, head, cases[i].list);
        assert_memory_equal(out.data + head, data.data, len);
        base_buf_free(&data);
        base_buf_free(&out);
    }
}

static void test_ceiling_is_told(void **state)
{
    base_buf out = base_buf_make(4);
    (void)state;
    eth_rlp_bytes(&out, "dog", 3);
    assert_false(base_buf_failed(&out));
    eth_rlp_uint(&out, 1);
    assert_true(out.overflow);
    assert_hex(out.data, out.len, "83646f67");
    base_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),          cmocka_unit_test(test_nested_lists),
        cmocka_unit_test(test_integers),          cmocka_unit_test(test_uint256),
        cmocka_unit_test(test_header_boundaries), cmocka_unit_test(test_ceiling_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
