/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/command.h"
#include "dstack_p2p.h"

#include <jansson.h>
#include <stdint.h>

enum { CLI_VALUES_MAX = 64 };

/** One call of a command: its command line, and what came of reading it. */
typedef struct cli_run {
    const cli_command *command;
    const cli_option *options[CLI_VALUES_MAX]; /**< all that it takes */
    const char *values[CLI_VALUES_MAX];        /**< as given; NULL = not given; "" for flags */
    size_t option_count;
    char **arguments;
    size_t argument_count;
    bool json, verbose;
} cli_run;

/** The value of an option of this command; NULL when it was not given. */
const char *cli_value(const cli_run *run, const char *name);

/** Where an option's value comes from, for sentences: "--chain-id", or "CHAIN_ID" of the environment or the
 * configuration file. Returns `text`. */
enum { CLI_SOURCE_TEXT = 64 };
const char *cli_source(const cli_run *run, const char *name, char text[static CLI_SOURCE_TEXT]);

/** Whether a flag, or an option with a value, was given. */
bool cli_has(const cli_run *run, const char *name);

/**
 * The number of an option; `*out` keeps what it holds when it was not given. 0, or CLI_USAGE having said that
 * it is none from `min` to `max`.
 */
int cli_number(const cli_run *run, const char *name, uint64_t min, uint64_t max, uint64_t *out);

/** The same for a time, in milliseconds: a number of seconds, or one with ms, s, m, h or d behind it. */
int cli_milliseconds(const cli_run *run, const char *name, uint64_t max_ms, uint64_t *out);

/** The same as a text that is no option; `what` names it in the sentence. */
int cli_read_milliseconds(const cli_run *run, const char *what, const char *text, uint64_t max_ms,
                          uint64_t *out);
int cli_read_number(const cli_run *run, const char *what, const char *text, uint64_t min, uint64_t max,
                    uint64_t *out);

/** Says on standard error what is wrong, as JSON with --json; returns the status. */
int cli_fail(const cli_run *run, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** The same with what is wrong on the handle. */
int cli_fail_sdk(const cli_run *run, const dstack_p2p *sdk);

/** Misuse: the sentence, and where the help is. CLI_USAGE. */
int cli_misuse(const cli_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Says on standard error what is wrong, and goes on; as JSON with --json. */
void cli_warn(const cli_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Says something on standard error that is no failure, unless the output is JSON. */
void cli_note(const cli_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Options of the library as the command line gives them, and its log to standard error. 0, or CLI_USAGE
 * having said why.
 */
int cli_sdk_options(const cli_run *run, dstack_p2p_options *options);

/**
 * A handle, to be freed with dstack_p2p_free(), or NULL with `*status` and having said why. `url` may be
 * NULL. SIGINT and SIGTERM cancel what blocks on it from then on; it stays the one they cancel until it is
 * freed with cli_close().
 */
dstack_p2p *cli_open(const cli_run *run, const char *url, int *status);
dstack_p2p *cli_open_with(const cli_run *run, const char *url, const dstack_p2p_options *options,
                          int *status);

/** Frees it. NULL is allowed. */
void cli_close(dstack_p2p *sdk);

/** Whether SIGINT or SIGTERM has come since cli_open(). */
bool cli_interrupted(void);

/**
 * Waits until a line can be written to a pipe or a terminal. False when a signal has come and still nobody
 * reads: who waits for the end of this process would wait for ever. Any thread.
 */
bool cli_has_room(int fd);

/** Prints a value and a newline, and takes it over; NULL stands for "out of memory". CLI_OK or CLI_OUTPUT. */
int cli_print_json(const cli_run *run, json_t *value);

/** One JSON value on one line, and flushed: for streams. */
int cli_print_json_line(const cli_run *run, json_t *value);

/** One JSON value on a line of standard error, after an error that has more to it; taken over. */
void cli_tell_json(json_t *value);

/** Flushes standard output: CLI_OK, or CLI_OUTPUT having said why it cannot be written. */
int cli_flush(const cli_run *run);

/** Whether standard output, or error, is a terminal that may be coloured: NO_COLOR and TERM=dumb say no. */
bool cli_is_terminal(int fd);
bool cli_may_colour(int fd);

/** Width of the terminal in columns; 0 = it is none. */
unsigned cli_columns(int fd);

#endif
