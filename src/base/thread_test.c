/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include "unit.h"

#include <signal.h>

static void *look_at_signals(void *context)
{
    pthread_sigmask(SIG_SETMASK, NULL, context);
    return context;
}

static void test_signals(void **state)
{
    pthread_t thread;
    sigset_t before, after, inside;
    void *result;
    (void)state;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_true(base_thread_start(&thread, look_at_signals, &inside));
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &inside);
    assert_true(sigismember(&inside, SIGTERM) && sigismember(&inside, SIGUSR1));
    assert_true(sigismember(&inside, SIGPIPE) && sigismember(&inside, SIGCHLD));
    assert_false(sigismember(&inside, SIGSEGV) || sigismember(&inside, SIGABRT));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < SIGRTMIN; signal++)
        assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
