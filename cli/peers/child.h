/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_CHILD_H
#define CLI_PEERS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A command that is run for a list, one at a time. It leads a process group of its own, which is ended with
 * it when it takes too long, or we end.
 */

enum { PEERS_CHILD_GRACE_MS = 5000 };

typedef struct peers_child {
    pid_t pid;       /**< 0 = none runs */
    uint64_t due_ms; /**< when it is asked to end, and after that when it is killed; UINT64_MAX = never */
    bool asked;      /**< it was asked to end */
    int status;      /**< of waitpid(), once it has ended */
} peers_child;

/** Environment variables that a command gets beside ours. */
typedef struct peers_variable {
    const char *name, *value;
} peers_variable;

/**
 * Starts `sh -c command` with a file that holds `input` as its standard input: it may read it, or not. Of our
 * descriptors it has standard output and error only, or the latter for both. It has all signals, and not the
 * variables that hold private keys. `variables` end with one that has no name. 0, or errno.
 */
int peers_child_start(peers_child *child, const char *command, const void *input, size_t len,
                      const peers_variable *variables, bool output_to_error);

/** Ends it in good time: to be called when `due_ms` is reached. */
void peers_child_tend(peers_child *child, uint64_t now);

/** Asks it to end, now; a second time: kills it. */
void peers_child_stop(peers_child *child, uint64_t now);

/** Whether it has ended; its status is there then, and nothing is left of it that was to be ended. */
bool peers_child_has_ended(peers_child *child);

#endif
