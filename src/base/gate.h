/* SPDX-License-Identifier: MIT */
#ifndef BASE_GATE_H
#define BASE_GATE_H

#include <stdbool.h>

/** A lock for long work that whoever waits for it can be called away from: an eventfd that is readable while
 *  nobody is inside. Close-on-exec; -1 when none can be made. */
int base_gate_new(void);

/** Waits until nobody is inside and enters; false when `cancel_fd` (-1: never) became readable first. Not to
 *  be entered twice by one thread. */
bool base_gate_enter(int gate_fd, int cancel_fd);

/** Enters if nobody is inside; whether it did. */
bool base_gate_try(int gate_fd);

/** Lets the next one in. */
void base_gate_leave(int gate_fd);

/** Closes it; -1 is allowed. */
void base_gate_free(int gate_fd);

#endif
