/* SPDX-License-Identifier: MIT */
#include "base/gate.h"

#include "base/event.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 2000 };

typedef struct room {
    int gate;
    atomic_int inside, most;
} room;

static void *visit(void *context)
{
    room *r = context;
    for (int i = 0; i < ROUNDS; i++) {
        if (!base_gate_enter(r->gate, -1)) return NULL;
        int now = atomic_fetch_add(&r->inside, 1) + 1;
        if (now > atomic_load(&r->most)) atomic_store(&r->most, now);
        atomic_fetch_sub(&r->inside, 1);
        base_gate_leave(r->gate);
    }
    return r;
}

static void test_lets_one_in_at_a_time(void **state)
{
    (void)state;
    room r = {.gate = base_gate_new()};
    pthread_t threads[THREADS];
    void *result;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit, &r), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &r);
    }
    assert_int_equal(atomic_load(&r.most), 1);
    base_gate_free(r.gate);
}

static void *wait_in_vain(void *context)
{
    const int *fds = context;
    return base_gate_enter(fds[0], fds[1]) ? context : NULL;
}

static void test_waiting_ends_when_cancelled(void **state)
{
    (void)state;
    int fds[] = {base_gate_new(), base_event_new()};
    pthread_t thread;
    void *result;
    assert_true(base_gate_enter(fds[0], fds[1]));
    assert_int_equal(pthread_create(&thread, NULL, wait_in_vain, fds), 0);
    base_event_set(fds[1]);
    pthread_join(thread, &result);
    assert_null(result);
    base_gate_leave(fds[0]);
    assert_false(base_gate_enter(fds[0], fds[1])); /* cancelled beforehand */
    base_event_clear(fds[1]);
    assert_true(base_gate_enter(fds[0], fds[1]));
    base_gate_free(fds[0]);
    base_event_free(fds[1]);
}

static void test_try_does_not_wait(void **state)
{
    (void)state;
    int gate = base_gate_new();
    assert_true(base_gate_try(gate));
    assert_false(base_gate_try(gate));
    base_gate_leave(gate);
    assert_true(base_gate_try(gate));
    base_gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lets_one_in_at_a_time),
        cmocka_unit_test(test_waiting_ends_when_cancelled),
        cmocka_unit_test(test_try_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
