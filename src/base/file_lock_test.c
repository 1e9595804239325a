/* SPDX-License-Identifier: MIT */
#include "base/file_lock.h"

#include "base/event.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[32];

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/p2p-lock-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    return close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static int open_it(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static base_lock_result lock_within(int fd, int cancel_fd, uint64_t ms)
{
    const base_clock *clock = base_clock_system();
    return base_file_lock(fd, clock, cancel_fd, base_now_ms(clock) + ms);
}

static void test_one_descriptor_at_a_time(void **state)
{
    (void)state;
    int one = open_it(), two = open_it();
    assert_int_equal(lock_within(one, -1, 0), BASE_LOCKED);
    assert_int_equal(lock_within(two, -1, 30), BASE_LOCK_TIMEOUT);
    assert_false(base_file_try_lock(two, true));
    base_file_unlock(one);
    assert_int_equal(lock_within(two, -1, 0), BASE_LOCKED);
    close(one);
    close(two);
}

static void test_shared(void **state)
{
    (void)state;
    int one = open_it(), two = open_it(), three = open_it();
    assert_true(base_file_try_lock(one, true) && base_file_try_lock(two, true));
    assert_false(base_file_try_lock(three, false));
    close(one);
    close(two);
    assert_true(base_file_try_lock(three, false));
    close(three);
}

static void test_cancelled(void **state)
{
    (void)state;
    int one = open_it(), two = open_it(), cancel = base_event_new();
    assert_true(base_file_try_lock(one, false));
    base_event_set(cancel);
    assert_int_equal(lock_within(two, cancel, 60000), BASE_LOCK_CANCELLED);
    base_event_free(cancel);
    close(one);
    close(two);
}

/* However a process ends, its locks end with it. */
static void test_killed_owner(void **state)
{
    int told[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (!child) {
        int fd = open(path, O_RDWR);
        if (!base_file_try_lock(fd, false) || write(told[1], "x", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    int fd = open_it();
    assert_false(base_file_try_lock(fd, false));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(lock_within(fd, -1, 5000), BASE_LOCKED);
    close(fd);
    close(told[0]);
    close(told[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_one_descriptor_at_a_time), TEST(test_shared),
                                       TEST(test_cancelled), TEST(test_killed_owner)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
