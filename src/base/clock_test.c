/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "base/event.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static void test_waits_as_long_as_asked(void **state)
{
    const base_clock *clock = base_clock_system();
    (void)state;
    uint64_t begin = base_now_ms(clock);
    assert_false(base_wait(clock, -1, 60));
    uint64_t took = base_now_ms(clock) - begin;
    assert_in_range(took, 60, 5000);
    assert_false(base_wait(clock, -1, 0));
}

static void test_readable_descriptor_ends_it(void **state)
{
    const base_clock *clock = base_clock_system();
    (void)state;
    int fd = base_event_new();
    uint64_t begin = base_now_ms(clock);
    assert_false(base_wait(clock, fd, 30));
    base_event_set(fd);
    assert_true(base_wait(clock, fd, 60000));
    assert_true(base_now_ms(clock) - begin < 10000);
    base_event_free(fd);
}

static void *set_soon(void *fd)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    base_event_set(*(int *)fd);
    return NULL;
}

static void test_set_meanwhile(void **state)
{
    const base_clock *clock = base_clock_system();
    pthread_t thread;
    (void)state;
    int fd = base_event_new();
    uint64_t begin = base_now_ms(clock);
    assert_int_equal(pthread_create(&thread, NULL, set_soon, &fd), 0);
    assert_true(base_wait(clock, fd, 60000));
    assert_true(base_now_ms(clock) - begin < 10000);
    pthread_join(thread, NULL);
    base_event_free(fd);
}

static void on_alarm(int number)
{
    (void)number;
}

/* A signal interrupts poll(), not the wait. */
static void test_signals_do_not_shorten_it(void **state)
{
    const base_clock *clock = base_clock_system();
    struct sigaction action = {.sa_handler = on_alarm}, before;
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
    (void)state;
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    uint64_t begin = base_now_ms(clock);
    assert_false(base_wait(clock, -1, 100));
    assert_true(base_now_ms(clock) - begin >= 100);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
}

static uint64_t coarse_now(void *context)
{
    (void)context;
    return 5;
}

static void test_microseconds(void **state)
{
    const base_clock *clock = base_clock_system();
    (void)state;
    uint64_t before = base_now_ms(clock), now_us = base_now_us(clock), after = base_now_ms(clock);
    assert_in_range(now_us / 1000, before, after);
    while (base_now_us(clock) % 1000 == 0) /* more than milliseconds */
        ;
    assert_int_equal(base_now_us(&(base_clock){.now_ms = coarse_now}), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_microseconds),
        cmocka_unit_test(test_waits_as_long_as_asked),
        cmocka_unit_test(test_readable_descriptor_ends_it),
        cmocka_unit_test(test_set_meanwhile),
        cmocka_unit_test(test_signals_do_not_shorten_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
