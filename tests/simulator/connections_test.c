/* SPDX-License-Identifier: MIT */
/* Time limits, without waiting for them. */
#include "connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t now;

static uint64_t fake_now(void *context)
{
    (void)context;
    return now;
}

static const base_clock fake = {.now_ms = fake_now};

static bool is_broken(int peer)
{
    char byte;
    return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_late_requests_are_broken(void **state)
{
    static sim_connections connections;
    int slow[2], busy[2];
    (void)state;
    now = 1000;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, slow), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, busy), 0);
    sim_connections_init(&connections, &fake);
    assert_int_equal(sim_connections_expire(&connections), -1);
    assert_non_null(sim_connections_add(&connections, slow[0], NULL));
    sim_connection *place = sim_connections_add(&connections, busy[0], NULL);
    now += 20000;
    sim_connections_renew(&connections, place); /* an answer has left */
    assert_int_equal(sim_connections_expire(&connections), 10000);
    now += 9999;
    assert_int_equal(sim_connections_expire(&connections), 1);
    assert_false(is_broken(slow[1]));
    now += 1;
    assert_int_equal(sim_connections_expire(&connections), 20000);
    assert_true(is_broken(slow[1]));
    assert_false(is_broken(busy[1]));
    for (int i = 0; i < 2; i++)
        close(slow[i]), close(busy[i]);
}

static void test_places(void **state)
{
    static sim_connections connections;
    (void)state;
    sim_connections_init(&connections, &fake);
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++, now++)
        assert_non_null(sim_connections_add(&connections, 1000 + i, NULL));
    assert_null(sim_connections_add(&connections, 1, NULL));
    assert_int_equal(sim_connections_first(&connections)->fd, 1000);
    sim_connections_closed(sim_connections_find(&connections, 1000));
    assert_null(sim_connections_find(&connections, 1000));
    assert_int_equal(sim_connections_first(&connections)->fd, 1001);
    assert_non_null(sim_connections_add(&connections, 1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_requests_are_broken),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
