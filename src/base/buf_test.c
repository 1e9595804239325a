/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "unit.h"

static void test_empty(void **state)
{
    base_buf buf = base_buf_make(10);
    (void)state;
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_false(base_buf_failed(&buf));
    assert_true(base_buf_append(&buf, NULL, 0));
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    base_buf_free(&buf);
    base_buf_free(&buf);
}

static void fill(base_buf *buf, size_t len)
{
    while (buf->len < len)
        assert_true(base_buf_append(buf, "x", 1));
}

/* max bytes fit, one more does not; the failure stays, and so does what was there. */
static void test_ceiling(void **state)
{
    static const size_t sizes[] = {1, 2, 127, 128, 129, 255, 256, 257, 511, 512, 513, 5000};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        base_buf buf = base_buf_make(sizes[i]);
        fill(&buf, sizes[i]);
        assert_int_equal(strlen(buf.data), sizes[i]);
        assert_false(base_buf_append(&buf, "y", 1));
        assert_true(buf.overflow && !buf.no_memory && base_buf_failed(&buf));
        assert_int_equal(buf.len, sizes[i]);
        assert_int_equal(strlen(buf.data), sizes[i]);
        assert_null(strchr(buf.data, 'y'));
        base_buf_free(&buf);
    }
}

static void test_ceiling_in_one_step(void **state)
{
    char data[600];
    (void)state;
    memset(data, 'x', sizeof data);
    for (size_t max = 0; max < sizeof data; max += 37) {
        base_buf exact = base_buf_make(max), beyond = base_buf_make(max);
        assert_true(base_buf_append(&exact, data, max));
        assert_false(base_buf_append(&beyond, data, max + 1));
        assert_int_equal(beyond.len, 0);
        base_buf_free(&exact);
        base_buf_free(&beyond);
    }
}

/* After a failure nothing is appended any more, even what would fit. */
static void test_overflow_is_sticky(void **state)
{
    base_buf buf = base_buf_make(4);
    (void)state;
    assert_true(base_buf_puts(&buf, "ab"));
    assert_false(base_buf_puts(&buf, "cde"));
    assert_false(base_buf_puts(&buf, "c"));
    assert_false(base_buf_puts(&buf, ""));
    assert_false(base_buf_printf(&buf, "c"));
    assert_false(base_buf_hex(&buf, "c", 1));
    assert_string_equal(buf.data, "ab");
    base_buf_reset(&buf);
    assert_false(base_buf_failed(&buf));
    assert_string_equal(buf.data, "");
    assert_true(base_buf_puts(&buf, "cdef"));
    assert_string_equal(buf.data, "cdef");
    base_buf_free(&buf);
}

static void test_huge_lengths(void **state)
{
    static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2,
                                     SIZE_MAX / 4 + 1};
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        base_buf buf = base_buf_make(100), hex = base_buf_make(100);
        assert_true(base_buf_puts(&buf, "some"));
        assert_false(base_buf_append(&buf, "x", lengths[i]));
        assert_true(base_buf_failed(&buf));
        assert_false(base_buf_hex(&hex, "x", lengths[i]));
        assert_true(base_buf_failed(&hex));
        base_buf_free(&buf);
        base_buf_free(&hex);
    }
}

static void test_binary(void **state)
{
    base_buf buf = base_buf_make(16);
    (void)state;
    assert_true(base_buf_append(&buf, "a\0b", 3));
    assert_true(base_buf_append(&buf, "\0", 1));
    assert_int_equal(buf.len, 4);
    assert_memory_equal(buf.data, "a\0b\0\0", 5);
    base_buf_free(&buf);
}

static void test_printf(void **state)
{
    base_buf buf = base_buf_make(12);
    (void)state;
    assert_true(base_buf_printf(&buf, "%d-%s", 42, "abc"));
    assert_true(base_buf_printf(&buf, "%s", ""));
    assert_string_equal(buf.data, "42-abc");
    assert_true(base_buf_printf(&buf, "%06d", 7));
    assert_string_equal(buf.data, "42-abc000007");
    assert_false(base_buf_printf(&buf, "%c", 'x'));
    assert_string_equal(buf.data, "42-abc000007");
    base_buf_free(&buf);
}

static void test_hex(void **state)
{
    base_buf buf = base_buf_make(8);
    (void)state;
    assert_true(base_buf_hex(&buf, "\x00\x0f\xff", 3));
    assert_true(base_buf_hex(&buf, "", 0));
    assert_string_equal(buf.data, "000fff");
    assert_false(base_buf_hex(&buf, "\x01\x02", 2));
    assert_string_equal(buf.data, "000fff");
    base_buf_free(&buf);
}

/* The first reservation is exact; one beyond the ceiling counts as a failed append. */
static void test_reserve(void **state)
{
    base_buf buf = base_buf_make(5000);
    (void)state;
    assert_true(base_buf_reserve(&buf, 3000));
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.cap, 3001);
    const char *data = buf.data;
    fill(&buf, 3000);
    assert_ptr_equal(buf.data, data);
    assert_true(base_buf_reserve(&buf, 2000));
    assert_false(base_buf_reserve(&buf, 2001));
    assert_true(buf.overflow);
    assert_int_equal(buf.len, 3000);
    base_buf_free(&buf);
}

static void test_extend(void **state)
{
    base_buf buf = base_buf_make(6);
    (void)state;
    assert_true(base_buf_puts(&buf, "ab"));
    char *room = base_buf_extend(&buf, 3);
    assert_non_null(room);
    memcpy(room, "cde", 3);
    assert_string_equal(buf.data, "abcde");
    assert_int_equal(buf.len, 5);
    assert_null(base_buf_extend(&buf, 2));
    assert_string_equal(buf.data, "abcde");
    base_buf_free(&buf);
}

/* Secrets grow without realloc(): the content moves, and reset leaves zeros in the memory kept. */
static void test_secret(void **state)
{
    base_buf buf = base_buf_make_secret(4000);
    (void)state;
    assert_true(buf.secret);
    fill(&buf, 300);
    assert_true(base_buf_puts(&buf, "tail"));
    assert_int_equal(buf.len, 304);
    assert_memory_equal(buf.data, "xxxx", 4);
    assert_string_equal(buf.data + 300, "tail");
    fill(&buf, 4000);
    size_t cap = buf.cap;
    base_buf_reset(&buf);
    assert_int_equal(buf.cap, cap);
    for (size_t i = 0; i < cap; i++)
        assert_int_equal(buf.data[i], 0);
    assert_true(base_buf_puts(&buf, "again"));
    base_buf_free(&buf);
    assert_true(buf.secret && buf.max == 4000 && !buf.data);
}

static void test_usable_after_free(void **state)
{
    base_buf buf = base_buf_make(3);
    (void)state;
    assert_false(base_buf_puts(&buf, "abcd"));
    base_buf_free(&buf);
    assert_false(base_buf_failed(&buf));
    assert_true(base_buf_puts(&buf, "abc"));
    assert_false(base_buf_puts(&buf, "d"));
    base_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_ceiling_in_one_step),
        cmocka_unit_test(test_overflow_is_sticky),
        cmocka_unit_test(test_huge_lengths),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_extend),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_usable_after_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
