/* SPDX-License-Identifier: MIT */
#include "base/gate.h"

#include "base/event.h"

#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int base_gate_new(void)
{
    return eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
}

bool base_gate_try(int gate_fd)
{
    uint64_t one;
    return read(gate_fd, &one, sizeof one) == (ssize_t)sizeof one;
}

bool base_gate_enter(int gate_fd, int cancel_fd)
{
    for (;;) {
        struct pollfd items[] = {{.fd = gate_fd, .events = POLLIN}, {.fd = cancel_fd, .events = POLLIN}};
        if (base_event_is_set(cancel_fd)) return false;
        if (base_gate_try(gate_fd)) return true;
        (void)poll(items, 2, -1); /* whoever gets there first reads the one */
    }
}

void base_gate_leave(int gate_fd)
{
    base_event_set(gate_fd);
}

void base_gate_free(int gate_fd)
{
    base_event_free(gate_fd);
}
