/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void *cancel_soon(void *sdk)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    dstack_p2p_cancel(sdk);
    return NULL;
}

typedef int (*blocking_fn)(dstack_p2p *sdk);

static int ask_id(dstack_p2p *sdk)
{
    return dstack_p2p_instance_id(sdk) ? 0 : dstack_p2p_errcode(sdk);
}

static int ask_peers(dstack_p2p *sdk)
{
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    dstack_p2p_peers_free(peers);
    return peers ? 0 : dstack_p2p_errcode(sdk);
}

/* The call blocks, and ends within a second after it is cancelled from another thread. */
static void expect_cancelled(dstack_p2p *sdk, blocking_fn call)
{
    pthread_t thread;
    double begin = sim_now();
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, sdk), 0);
    assert_int_equal(call(sdk), DSTACK_P2P_ERR_CANCELLED);
    double took = sim_now() - begin;
    pthread_join(thread, NULL);
    if (took < 0.15 || took > 1.2) fail_msg("it took %.3f s", took);
    expect_code(sdk, DSTACK_P2P_ERR_CANCELLED, "cancelled");
    assert_int_equal(call(sdk), DSTACK_P2P_ERR_CANCELLED); /* until it is taken back */
    dstack_p2p_resume(sdk);
}

static dstack_p2p *waiting_node(const world *it, const char *endpoint)
{
    node_options node;
    node_defaults(it, "", &node);
    node.options.guest_endpoint = endpoint;
    node.options.guest_wait_ms = 0; /* five minutes */
    return dstack_p2p_new_with_options(it->contract, "http://a", &node.options);
}

static void test_while_waiting_for_the_guest_agent(void **state)
{
    static const blocking_fn calls[] = {ask_id, dstack_p2p_register, dstack_p2p_withdraw};
    world *it = *state;
    char path[80];
    snprintf(path, sizeof path, "%s/nobody.sock", it->folder.path);
    for (size_t i = 0; i < COUNT(calls); i++) {
        dstack_p2p *sdk = waiting_node(it, path);
        expect_cancelled(sdk, calls[i]);
        dstack_p2p_free(sdk);
    }
}

/* A port that takes connections and never answers. */
static int silent_server(char url[static 64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void test_while_the_guest_agent_is_silent(void **state)
{
    char url[64];
    int fd = silent_server(url);
    dstack_p2p *sdk = waiting_node(*state, url);
    expect_cancelled(sdk, ask_id);
    dstack_p2p_free(sdk);
    close(fd);
}

static void test_while_the_node_is_silent(void **state)
{
    static const blocking_fn calls[] = {ask_peers, dstack_p2p_register};
    char url[64];
    node_options node;
    int fd = silent_server(url);
    for (size_t i = 0; i < COUNT(calls); i++) {
        node_defaults(*state, "", &node);
        node.options.rpc_url = url;
        dstack_p2p *sdk = dstack_p2p_new_with_options(((world *)*state)->contract, "http://a", &node.options);
        expect_cancelled(sdk, calls[i]);
        dstack_p2p_free(sdk);
    }
    close(fd);
}

static void test_resumed_handle_works(void **state)
{
    world *it = *state;
    dstack_p2p *sdk = node_admitted(it, "back", "http://back");
    dstack_p2p_cancel(sdk);
    assert_int_equal(dstack_p2p_register(sdk), DSTACK_P2P_ERR_CANCELLED);
    assert_null(dstack_p2p_get_peers(sdk));
    dstack_p2p_resume(sdk);
    expect_registered(sdk);
    dstack_p2p_cancel(NULL);
    dstack_p2p_resume(NULL);
    dstack_p2p_free(sdk);
}

static dstack_p2p *handled;

static void on_alarm(int number)
{
    (void)number;
    dstack_p2p_cancel(handled);
}

static void test_from_a_signal_handler(void **state)
{
    world *it = *state;
    char path[80];
    struct sigaction action = {.sa_handler = on_alarm}, before;
    struct itimerval timer = {.it_value = {.tv_usec = 200000}};
    snprintf(path, sizeof path, "%s/nobody.sock", it->folder.path);
    handled = waiting_node(it, path);
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    double begin = sim_now();
    setitimer(ITIMER_REAL, &timer, NULL);
    assert_int_equal(dstack_p2p_register(handled), DSTACK_P2P_ERR_CANCELLED);
    assert_true(sim_now() - begin < 1.2);
    sigaction(SIGALRM, &before, NULL);
    dstack_p2p_free(handled);
}

static void *ask_id_in_thread(void *sdk)
{
    return (void *)(uintptr_t)dstack_p2p_instance_id(sdk);
}

/* The agent comes up while it is waited for. */
static void test_guest_agent_comes_later(void **state)
{
    world *it = *state;
    char dir[80], path[96];
    pthread_t thread;
    void *id;
    snprintf(dir, sizeof dir, "%s/late", it->folder.path);
    snprintf(path, sizeof path, "%s/dstack.sock", dir);
    dstack_p2p *sdk = waiting_node(it, path);
    assert_int_equal(pthread_create(&thread, NULL, ask_id_in_thread, sdk), 0);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    sim_process late = sim_start(dir, NULL);
    pthread_join(thread, &id);
    assert_non_null(id);
    assert_string_equal(id, DEFAULT_ID);
    dstack_p2p_free(sdk);
    sim_stop_clean(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_while_waiting_for_the_guest_agent, world_deploy),
        cmocka_unit_test_setup(test_while_the_guest_agent_is_silent, world_deploy),
        cmocka_unit_test_setup(test_while_the_node_is_silent, world_deploy),
        cmocka_unit_test_setup(test_resumed_handle_works, world_deploy),
        cmocka_unit_test_setup(test_from_a_signal_handler, world_deploy),
        cmocka_unit_test_setup(test_guest_agent_comes_later, world_deploy),
    };
    return run_live_tests(tests);
}
