/* SPDX-License-Identifier: MIT */
#include "base/event.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static void test_set_and_clear(void **state)
{
    (void)state;
    int fd = base_event_new();
    assert_true(fd >= 0);
    assert_false(base_event_is_set(fd));
    base_event_set(fd);
    base_event_set(fd);
    assert_true(base_event_is_set(fd));
    assert_true(base_event_is_set(fd)); /* looking does not clear it */
    base_event_clear(fd);
    assert_false(base_event_is_set(fd));
    base_event_clear(fd); /* does not block */
    base_event_set(fd);
    struct pollfd item = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&item, 1, 0), 1);
    base_event_free(fd);
}

static void test_not_inherited(void **state)
{
    (void)state;
    int fd = base_event_new();
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    base_event_free(fd);
}

static void test_no_descriptor(void **state)
{
    (void)state;
    base_event_set(-1);
    base_event_clear(-1);
    assert_false(base_event_is_set(-1));
    base_event_free(-1);
}

/* In a signal handler errno is somebody else's. */
static void test_errno_is_kept(void **state)
{
    (void)state;
    int fd = base_event_new();
    errno = 77;
    base_event_clear(fd);
    assert_int_equal(errno, 77);
    base_event_set(fd);
    assert_int_equal(errno, 77);
    uint64_t most = UINT64_MAX - 2;
    assert_int_equal(write(fd, &most, sizeof most), sizeof most);
    errno = 77;
    base_event_set(fd); /* the counter is full */
    assert_int_equal(errno, 77);
    assert_true(base_event_is_set(fd));
    base_event_free(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_clear),
        cmocka_unit_test(test_not_inherited),
        cmocka_unit_test(test_no_descriptor),
        cmocka_unit_test(test_errno_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
