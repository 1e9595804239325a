/* SPDX-License-Identifier: MIT */
#include "eth/abi.h"

#include "unit.h"

/* ---- Encoding ---- */

static void test_encodes_as_cast_does(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("abi.json"), *encode = json_object_get(vectors, "encode");
    uint8_t address[20], pattern[33];
    base_buf out = base_buf_make(4096);
    unit_hex("5fbdb2315678afecb367f032d93f642f64180aa3", address, 20);
    unit_pattern(pattern, sizeof pattern);
    const eth_abi_arg f[] = {
        {.value = UINT64_MAX}, {.address20 = address}, {.data = ""}, {.data = "\x01\x02\x03", .len = 3}};
    eth_abi_encode_call(&out, 0x3211d511u, f, 4);
    assert_hex(out.data, out.len, unit_text(encode, "f(uint256,address,string,bytes)"));
    const char *expected = unit_text(encode, "g(bytes,bytes,bytes)");
    const eth_abi_arg g[] = {
        {.data = pattern, .len = 31}, {.data = pattern, .len = 32}, {.data = pattern, .len = 33}};
    uint32_t selector = (uint32_t)strtoul((char[]){expected[2], expected[3], expected[4], expected[5],
                                                   expected[6], expected[7], expected[8], expected[9], '\0'},
                                          NULL, 16);
    base_buf_reset(&out);
    eth_abi_encode_call(&out, selector, g, 3);
    assert_hex(out.data, out.len, expected);
    base_buf_free(&out);
    json_decref(vectors);
}

static void test_call_without_arguments(void **state)
{
    base_buf out = base_buf_make(4);
    (void)state;
    eth_abi_encode_call(&out, 0x54fd4d50u, NULL, 0);
    assert_hex(out.data, out.len, "54fd4d50");
    assert_false(base_buf_failed(&out));
    base_buf_free(&out);
}

static void test_word_as_argument(void **state)
{
    uint8_t word[32];
    base_buf out = base_buf_make(128);
    (void)state;
    unit_pattern(word, sizeof word);
    const eth_abi_arg args[] = {{.value = 1}, {.word32 = word}};
    eth_abi_encode_call(&out, 0xdfc77223u, args, 2);
    assert_int_equal(out.len, 4 + 2 * 32);
    assert_hex(out.data, 4, "dfc77223");
    assert_memory_equal(out.data + 36, word, 32);
    base_buf_free(&out);
}

static void test_encoding_over_the_ceiling(void **state)
{
    base_buf out = base_buf_make(35);
    (void)state;
    eth_abi_encode_call(&out, 1, &(eth_abi_arg){.value = 1}, 1);
    assert_true(out.overflow);
    base_buf_free(&out);
}

/* ---- Decoding words ---- */

static eth_abi open_word(uint8_t word[static 32], const char *hex)
{
    unit_hex(hex, word, 32);
    return eth_abi_open(word, 32);
}

#define ZEROS(digits) &"0000000000000000000000000000000000000000000000000000000000000000"[64 - (digits)]

static void test_words_in_range(void **state)
{
    uint8_t word[32], bytes[20];
    (void)state;
    eth_abi abi = open_word(word, "0000000000000000000000000000000000000000000000007fffffffffffffff");
    assert_true(eth_abi_u64(&abi) == INT64_MAX && !abi.bad);
    abi = open_word(word, "0000000000000000000000000000000000000000000000000102030405060708");
    assert_true(eth_abi_u64(&abi) == UINT64_C(0x0102030405060708) && !abi.bad);
    abi = open_word(word, "0000000000000000000000000000000000000000000000000000000000000001");
    assert_true(eth_abi_bool(&abi) && !abi.bad);
    abi = open_word(word, ZEROS(64));
    assert_false(eth_abi_bool(&abi) || abi.bad);
    abi = open_word(word, "000000000000000000000000ffffffffffffffffffffffffffffffffffffff01");
    eth_abi_address(&abi, bytes);
    assert_false(abi.bad);
    assert_hex(bytes, 20, "ffffffffffffffffffffffffffffffffffffff01");
    abi = open_word(word, "01ffffffffffffffffffffffffffffffffffffff000000000000000000000000");
    eth_abi_bytes20(&abi, bytes);
    assert_false(abi.bad);
    assert_hex(bytes, 20, "01ffffffffffffffffffffffffffffffffffffff");
}

/* Each byte outside a type's range, alone, spoils the value. */
static void test_words_out_of_range(void **state)
{
    (void)state;
    for (size_t at = 0; at < 32; at++) {
        uint8_t word[32] = {0}, bytes[20];
        word[at] = 0x80;
        eth_abi abi = eth_abi_open(word, 32);
        uint64_t value = eth_abi_u64(&abi);
        assert_int_equal(abi.bad, at <= 24);
        if (abi.bad) assert_true(value == 0);
        abi = eth_abi_open(word, 32);
        assert_false(eth_abi_bool(&abi));
        assert_true(abi.bad);
        abi = eth_abi_open(word, 32);
        eth_abi_address(&abi, bytes);
        assert_int_equal(abi.bad, at < 12);
        if (abi.bad) assert_hex(bytes, 20, ZEROS(40));
        abi = eth_abi_open(word, 32);
        eth_abi_bytes20(&abi, bytes);
        assert_int_equal(abi.bad, at >= 20);
        if (abi.bad) assert_hex(bytes, 20, ZEROS(40));
    }
    uint8_t word[32];
    eth_abi abi = open_word(word, "0000000000000000000000000000000000000000000000000000000000000002");
    assert_false(eth_abi_bool(&abi));
    assert_true(abi.bad);
}

static void test_end_of_data(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 70; len++) {
        uint8_t *data = calloc(1, len ? len : 1);
        eth_abi abi = eth_abi_open(data, len);
        size_t words = 0;
        while (eth_abi_word(&abi), !abi.bad)
            words++;
        assert_int_equal(words, len / 32);
        assert_true(eth_abi_u64(&abi) == 0 && abi.bad);
        free(data);
    }
}

/* Once bad, always bad: what is read afterwards is zero, whatever the data. */
static void test_bad_is_for_good(void **state)
{
    uint8_t data[96], bytes[20];
    size_t len = 7;
    (void)state;
    memset(data, 0xff, sizeof data);
    eth_abi abi = eth_abi_open(data, sizeof data);
    assert_true(eth_abi_u64(&abi) == 0 && abi.bad);
    assert_hex(eth_abi_word(&abi), 32, ZEROS(64));
    eth_abi_address(&abi, bytes);
    assert_hex(bytes, 20, ZEROS(40));
    eth_abi_bytes(&abi, SIZE_MAX, &len);
    assert_int_equal(len, 0);
    size_t count = 7;
    eth_abi part = eth_abi_array(&abi, SIZE_MAX, &count);
    assert_true(part.bad && count == 0);
    part = eth_abi_tuple(&abi);
    assert_true(part.bad);
}

/* ---- Decoding what has offsets ---- */

/* (string, bytes[] as an array of offsets) with one string and two byte strings. */
static base_buf sample(void)
{
    static const char hex[] =
        "0000000000000000000000000000000000000000000000000000000000000040"  /* 0: where the string is */
        "0000000000000000000000000000000000000000000000000000000000000080"  /* 1: where the array is */
        "0000000000000000000000000000000000000000000000000000000000000003"  /* 2: "abc" */
        "6162630000000000000000000000000000000000000000000000000000000000"  /* 3 */
        "0000000000000000000000000000000000000000000000000000000000000002"  /* 4: two elements */
        "0000000000000000000000000000000000000000000000000000000000000040"  /* 5: offsets from here on */
        "0000000000000000000000000000000000000000000000000000000000000080"  /* 6 */
        "0000000000000000000000000000000000000000000000000000000000000001"  /* 7: "x" */
        "7800000000000000000000000000000000000000000000000000000000000000"  /* 8 */
        "0000000000000000000000000000000000000000000000000000000000000020"  /* 9: 32 bytes */
        "7979797979797979797979797979797979797979797979797979797979797979"; /* 10 */
    uint8_t bytes[(sizeof hex - 1) / 2];
    base_buf out = base_buf_make(sizeof bytes);
    unit_hex(hex, bytes, sizeof bytes);
    base_buf_append(&out, bytes, sizeof bytes);
    return out;
}

/* Reads all of it, touching every byte handed out. False when it is bad. */
static bool read_sample(const void *data, size_t len, size_t max)
{
    size_t text, count, size;
    unsigned sum = 0;
    eth_abi abi = eth_abi_open(data, len);
    const uint8_t *bytes = eth_abi_bytes(&abi, max, &text);
    for (size_t i = 0; i < text; i++)
        sum += bytes[i];
    eth_abi items = eth_abi_array(&abi, max, &count);
    assert_true(count <= max && count <= len / 32);
    for (size_t i = 0; i < count && !items.bad; i++) {
        bytes = eth_abi_bytes(&items, max, &size);
        for (size_t at = 0; at < size; at++)
            sum += bytes[at];
    }
    eth_abi_join(&abi, &items);
    return !abi.bad && sum;
}

static void test_bytes_and_arrays(void **state)
{
    size_t len, count;
    (void)state;
    base_buf data = sample();
    eth_abi abi = eth_abi_open(data.data, data.len);
    assert_memory_equal(eth_abi_bytes(&abi, 3, &len), "abc", 3);
    assert_int_equal(len, 3);
    eth_abi items = eth_abi_array(&abi, 2, &count);
    assert_int_equal(count, 2);
    assert_memory_equal(eth_abi_bytes(&items, 32, &len), "x", 1);
    assert_int_equal(len, 1);
    assert_memory_equal(eth_abi_bytes(&items, 32, &len), "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 32);
    assert_int_equal(len, 32);
    assert_false(abi.bad || items.bad);
    base_buf_free(&data);
}

static void test_limits_are_kept(void **state)
{
    size_t len, count;
    (void)state;
    base_buf data = sample();
    eth_abi abi = eth_abi_open(data.data, data.len);
    eth_abi_bytes(&abi, 2, &len);
    assert_true(abi.bad && len == 0);
    abi = eth_abi_open(data.data, data.len);
    eth_abi_word(&abi);
    eth_abi items = eth_abi_array(&abi, 1, &count);
    assert_true(abi.bad && items.bad && count == 0);
    base_buf_free(&data);
}

static void test_every_truncation(void **state)
{
    (void)state;
    base_buf data = sample();
    for (size_t len = 0; len <= data.len; len++) {
        uint8_t *copy = unit_copy(data.data, len);
        assert_int_equal(read_sample(copy, len, 1000), len == data.len);
        free(copy);
    }
    base_buf_free(&data);
}

static void put_u64(uint8_t *word, uint64_t value)
{
    memset(word, 0, 32);
    for (int i = 0; i < 8; i++)
        word[31 - i] = (uint8_t)(value >> (8 * i));
}

/* Each word becomes an offset or length that is huge, odd, overlapping or just beyond the end; ASan watches.
 */
static void test_every_word_lies(void **state)
{
    (void)state;
    base_buf data = sample();
    uint64_t values[] = {0,
                         1,
                         2,
                         31,
                         32,
                         33,
                         63,
                         64,
                         96,
                         128,
                         data.len - 33,
                         data.len - 32,
                         data.len - 31,
                         data.len - 1,
                         data.len,
                         data.len + 1,
                         INT32_MAX,
                         UINT32_MAX,
                         INT64_MAX,
                         (uint64_t)INT64_MAX + 1,
                         UINT64_MAX / 32,
                         UINT64_MAX / 32 + 1,
                         UINT64_MAX - data.len,
                         UINT64_MAX - 64,
                         UINT64_MAX - 63,
                         UINT64_MAX - 32,
                         UINT64_MAX - 31,
                         UINT64_MAX};
    for (size_t at = 0; at + 32 <= data.len; at += 32)
        for (size_t i = 0; i <= COUNT(values); i++) {
            uint8_t *copy = unit_copy(data.data, data.len);
            if (i < COUNT(values))
                put_u64(copy + at, values[i]);
            else
                memset(copy + at, 0xff, 32);
            read_sample(copy, data.len, 1000);
            read_sample(copy, data.len, SIZE_MAX);
            free(copy);
        }
    base_buf_free(&data);
}

/* The same for every pair of words, with the values that matter most. */
static void test_every_pair_of_words_lies(void **state)
{
    (void)state;
    base_buf data = sample();
    uint64_t values[] = {0, 32, data.len - 32, data.len, UINT64_MAX - 31, UINT64_MAX};
    for (size_t one = 0; one + 32 <= data.len; one += 32)
        for (size_t two = 0; two < one; two += 32)
            for (size_t i = 0; i < COUNT(values) * COUNT(values); i++) {
                uint8_t *copy = unit_copy(data.data, data.len);
                put_u64(copy + one, values[i / COUNT(values)]);
                put_u64(copy + two, values[i % COUNT(values)]);
                read_sample(copy, data.len, SIZE_MAX);
                free(copy);
            }
    base_buf_free(&data);
}

/* An array claims an element per word that is there, not more, so that its count can be trusted. */
static void test_array_needs_a_word_per_element(void **state)
{
    (void)state;
    for (uint64_t claimed = 0; claimed <= 4; claimed++) {
        uint8_t data[32 * 5] = {0};
        size_t count;
        put_u64(data, 32);
        put_u64(data + 32, claimed);
        eth_abi abi = eth_abi_open(data, sizeof data);
        eth_abi_array(&abi, SIZE_MAX, &count);
        assert_int_equal(abi.bad, claimed > 3);
        assert_int_equal(count, claimed > 3 ? 0 : claimed);
    }
}

static void test_tuple_offsets_count_from_the_tuple(void **state)
{
    uint8_t data[32 * 6] = {0};
    size_t len;
    (void)state;
    put_u64(data, 64);      /* the tuple is at word 2 */
    put_u64(data + 64, 5);  /* its number */
    put_u64(data + 96, 64); /* its string, two words further on */
    put_u64(data + 128, 2);
    memcpy(data + 160, "hi", 2);
    eth_abi abi = eth_abi_open(data, sizeof data), tuple = eth_abi_tuple(&abi);
    assert_int_equal(eth_abi_u64(&tuple), 5);
    assert_memory_equal(eth_abi_bytes(&tuple, 10, &len), "hi", 2);
    assert_int_equal(len, 2);
    put_u64(data + 96, 160);
    abi = eth_abi_open(data, sizeof data);
    tuple = eth_abi_tuple(&abi);
    eth_abi_u64(&tuple);
    eth_abi_bytes(&tuple, 10, &len);
    assert_true(tuple.bad && !abi.bad);
    eth_abi_join(&abi, &tuple);
    assert_true(abi.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodes_as_cast_does),
        cmocka_unit_test(test_call_without_arguments),
        cmocka_unit_test(test_word_as_argument),
        cmocka_unit_test(test_encoding_over_the_ceiling),
        cmocka_unit_test(test_words_in_range),
        cmocka_unit_test(test_words_out_of_range),
        cmocka_unit_test(test_end_of_data),
        cmocka_unit_test(test_bad_is_for_good),
        cmocka_unit_test(test_bytes_and_arrays),
        cmocka_unit_test(test_limits_are_kept),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_word_lies),
        cmocka_unit_test(test_every_pair_of_words_lies),
        cmocka_unit_test(test_array_needs_a_word_per_element),
        cmocka_unit_test(test_tuple_offsets_count_from_the_tuple),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
