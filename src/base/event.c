/* SPDX-License-Identifier: MIT */
#include "base/event.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int base_event_new(void)
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void base_event_set(int fd)
{
    int saved = errno;
    uint64_t one = 1;
    /* The only failure on a valid descriptor is a full counter, which is readable too. */
    if (fd >= 0 && write(fd, &one, sizeof one) < 0) errno = saved;
    errno = saved;
}

void base_event_clear(int fd)
{
    int saved = errno;
    uint64_t count;
    if (fd >= 0 && read(fd, &count, sizeof count) < 0) errno = saved;
    errno = saved;
}

int base_event_is_set(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    return fd >= 0 && poll(&item, 1, 0) > 0;
}

void base_event_free(int fd)
{
    if (fd >= 0) close(fd);
}
