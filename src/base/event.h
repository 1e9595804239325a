/* SPDX-License-Identifier: MIT */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

/** A flag that poll() can wait for: a non-blocking eventfd, close-on-exec. -1 when none can be made. */
int base_event_new(void);

/** Makes it readable. Async-signal-safe, keeps errno. */
void base_event_set(int fd);

/** Makes it unreadable. Async-signal-safe, keeps errno. */
void base_event_clear(int fd);

/** Whether it is readable. */
int base_event_is_set(int fd);

/** Closes it; -1 is allowed. */
void base_event_free(int fd);

#endif
