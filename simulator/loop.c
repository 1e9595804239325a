/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sigprocmask */
#include "loop.h"

#include "base/hex.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define FAIL(error, what) (base_fail(error, DSTACK_P2P_ERR_SYSTEM, what ": %s", strerror(errno)), false)

static bool watch(const sim_loop *loop, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool sim_loop_open(sim_loop *loop, base_error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    *loop = (sim_loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .signals = -1, .tcp = -1};
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        loop->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (loop->epoll < 0 || loop->signals < 0 || !watch(loop, loop->signals, &loop->signals))
        return FAIL(error, "cannot wait for signals");
    return true;
}

bool sim_loop_watch(void *loop, sim_instance *instance, base_error *error)
{
    char id[41];
    if (!watch(loop, instance->socket.fd, instance)) return FAIL(error, "cannot wait for connections");
    base_hex_encode(instance->id20, 20, id);
    fprintf(stderr, "instance %s at unix:%s%s%s\n", id, instance->path, *instance->name ? " and /i/" : "",
            instance->name);
    return true;
}

/* False: the end was asked for. */
static bool serve(const sim_loop *loop, void *what, sim_http *http, sim_instance *tcp_instance)
{
    if (what == &loop->signals) return false;
    if (what == &loop->tcp)
        sim_http_accept(http, loop->tcp, tcp_instance);
    else if (what != http)
        sim_http_accept(http, ((sim_instance *)what)->socket.fd, what);
    return true;
}

bool sim_loop_run(sim_loop *loop, sim_http *http, sim_instance *tcp_instance, base_error *error)
{
    struct epoll_event events[32];
    bool go_on = watch(loop, http->fd, http) && (loop->tcp < 0 || watch(loop, loop->tcp, &loop->tcp));
    if (!go_on) return FAIL(error, "cannot wait for connections");
    while (go_on) {
        int count = epoll_wait(loop->epoll, events, 32, sim_http_run(http));
        if (count < 0 && errno != EINTR) return FAIL(error, "cannot wait for connections");
        for (int i = 0; go_on && i < count; i++)
            go_on = serve(loop, events[i].data.ptr, http, tcp_instance);
    }
    return true;
}

void sim_loop_close(sim_loop *loop)
{
    if (loop->tcp >= 0) close(loop->tcp);
    if (loop->signals >= 0) close(loop->signals);
    if (loop->epoll >= 0) close(loop->epoll);
}
