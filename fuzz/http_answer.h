/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_HTTP_ANSWER_H
#define FUZZ_HTTP_ANSWER_H

#include "fuzz.h"

/*
 * The client's side of a server that is run in steps: sends a run's bytes over a socket, in two pieces, and
 * looks at what comes back.
 */

/** Lets the server do what it can without waiting. */
typedef void (*fuzz_step)(void *context);

/** Sends `data`, its first byte telling where it is split, reads all answers and checks the first one. */
void fuzz_http_exchange(int fd, const uint8_t *data, size_t len, fuzz_step step, void *context);

#endif
