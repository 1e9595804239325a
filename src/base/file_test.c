/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void test_all_of_it(void **state)
{
    char data[100000], seen[sizeof data];
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7);
    assert_true(base_file_write(fileno(file), data, sizeof data));
    assert_true(base_file_write(fileno(file), NULL, 0));
    assert_int_equal(pread(fileno(file), seen, sizeof seen, 0), sizeof seen);
    assert_memory_equal(seen, data, sizeof data);
    fclose(file);
}

static void test_no_file(void **state)
{
    (void)state;
    assert_false(base_file_write(-1, "x", 1));
    assert_int_equal(errno, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_of_it), cmocka_unit_test(test_no_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
