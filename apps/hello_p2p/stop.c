/* SPDX-License-Identifier: MIT */
#include "stop.h"
#include "log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The main thread has the first part for itself (a withdrawal may use it); then its call is cancelled
 * again; then the process ends without waiting for anybody. Together below two seconds. */
enum { ORDERLY_MS = 1400, LAST_MS = 400, STACK_BYTES = 128 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static dstack_p2p *cancelled_handle;
static bool requested;
static int event_fd = -1;

static void pause_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void cancel_handle(void)
{
    pthread_mutex_lock(&lock);
    requested = true;
    dstack_p2p_cancel(cancelled_handle);
    pthread_mutex_unlock(&lock);
}

static void *wait_for_signal(void *argument)
{
    (void)argument;
    sigset_t signals;
    int number = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    while (sigwait(&signals, &number)) {
    }
    log_info("%s: ending", number == SIGINT ? "SIGINT" : "SIGTERM");
    cancel_handle();
    if (eventfd_write(event_fd, 1)) _exit(EXIT_FAILURE);
    pause_ms(ORDERLY_MS);
    cancel_handle();
    pause_ms(LAST_MS);
    log_warning("the orderly end took too long");
    _exit(EXIT_FAILURE);
}

static bool start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return false;
    bool ok = !pthread_attr_setstacksize(&attributes, STACK_BYTES) &&
              !pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) &&
              !pthread_create(&thread, &attributes, wait_for_signal, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

bool stop_install(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &ignore, NULL)) return false;
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL)) return false;
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event_fd >= 0 && start_thread();
}

void stop_cancels(dstack_p2p *sdk)
{
    pthread_mutex_lock(&lock);
    cancelled_handle = sdk;
    if (requested) dstack_p2p_cancel(sdk);
    pthread_mutex_unlock(&lock);
}

bool stop_requested(void)
{
    pthread_mutex_lock(&lock);
    bool result = requested;
    pthread_mutex_unlock(&lock);
    return result;
}

bool stop_wait(int fd, uint32_t ms)
{
    struct pollfd items[] = {{.fd = event_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    (void)poll(items, 2, (int)ms);
    return stop_requested();
}
