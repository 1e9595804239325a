/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATOR_HARNESS_H
#define TESTS_SIMULATOR_HARNESS_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

/*
 * Runs the real simulator and talks to it. Whatever goes wrong in here fails the test at hand. Processes
 * die with the test program, even if that is killed.
 */

enum { SIM_ARGUMENTS = 16, SIM_TEXT = 16 * 1024 };

/** A folder under /tmp, where paths are short enough for sockets. */
typedef struct sim_folder {
    char path[32];
} sim_folder;

sim_folder sim_folder_make(void);
void sim_folder_remove(const sim_folder *folder);

typedef struct sim_process {
    pid_t pid;
    int out, err;
    char unix_path[160]; /**< from the ready line */
    char url[80];        /**< the same, "" without --listen */
} sim_process;

/** What a process that has ended leaves: the exit status, or minus the signal that killed it. */
typedef struct sim_end {
    int status;
    double seconds; /**< it took after the signal */
    char out[SIM_TEXT], err[SIM_TEXT];
} sim_end;

/** Starts it with --dir and up to SIM_ARGUMENTS - 3 more arguments, NULL at the end; waits until it is ready.
 */
sim_process sim_start(const char *dir, ...);

/** Sends a signal, waits for the end. */
sim_end sim_stop(sim_process *process, int signal);

/** Stops it with SIGTERM and insists on exit status 0: then the sanitizers had nothing to say either. */
void sim_stop_clean(sim_process *process);

/** Runs it to its own end, with exactly these arguments. */
sim_end sim_run(const char *first, ...);

/** Where requests go: a unix socket, or with NULL the URL's host; the URL may have a path. */
typedef struct sim_target {
    const char *unix_path;
    const char *url;
} sim_target;

sim_target sim_unix(const char *path);
sim_target sim_tcp(const sim_process *process);

typedef struct sim_reply {
    long status;
    char type[64]; /**< Content-Type */
    char *body;
    size_t len;
    json_t *json; /**< NULL when the body is no JSON object */
} sim_reply;

/** POST when there is a body, else GET. `path` starts with a slash and goes out as it is. */
sim_reply sim_request(sim_target target, const char *path, const char *body);

/** The same with any verb and a body of any length. */
sim_reply sim_request_bytes(sim_target target, const char *verb, const char *path, const void *body,
                            size_t len);

void sim_reply_free(sim_reply *reply);

/** A member of the reply that has to be a string. */
const char *sim_reply_text(const sim_reply *reply, const char *name);

/** The instance id that Info tells. `text` has 41 bytes. */
void sim_instance_id_of(sim_target target, char *text);

/** Insists that the request is refused with this status and a sentence that contains `part`. */
void sim_expect_error(sim_target target, const char *path, const char *body, long status, const char *part);

/** A connected socket, for bytes that libcurl would not send. */
int sim_connect(sim_target target);

void sim_send(int fd, const char *bytes);

/** All that comes until the other side closes, or until `enough` bytes are there; returns how many. */
size_t sim_receive(int fd, char *bytes, size_t room, size_t enough);

/** Seconds of the monotonic clock. */
double sim_now(void);

/** The vectors of tests/vectors/get_key.json, owned by the caller. */
json_t *sim_vectors(void);

#endif
