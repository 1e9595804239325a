/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "cli/run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What is said: results on standard output, all else on standard error. */

enum { SENTENCE_MAX = 1024, ROOM_MS = 100 };

bool cli_has_room(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    for (bool last = false;; last = cli_interrupted()) {
        int ready = poll(&entry, 1, ROOM_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
        if (last) return false;
    }
}

/* Takes the value over; NULL stands for "out of memory". */
static void say_json(json_t *value)
{
    char *text = value ? json_dumps(value, JSON_ENSURE_ASCII) : NULL;
    fprintf(stderr, "%s\n", text ? text : "{\"error\":{\"message\":\"out of memory\"}}");
    free(text);
    json_decref(value);
}

static json_t *json_error(int status, const char *sentence)
{
    const char *name = status < DSTACK_P2P_ERR_INVALID_ARGUMENT ? NULL : dstack_p2p_code_name(status);
    return json_pack("{s{si ss* ss}}", "error", "code", status, "name", name, "message", sentence);
}

static void say(const cli_run *run, int status, const char *sentence)
{
    if (!cli_has_room(STDERR_FILENO)) return;
    if (run->json)
        say_json(json_error(status, sentence));
    else
        fprintf(stderr, "dstack-p2p %s: %s\n", run->command->name, sentence);
}

/* A sentence of which parts may come from anywhere. */
__attribute__((format(printf, 2, 0))) static void compose(char sentence[static SENTENCE_MAX],
                                                          const char *format, va_list arguments)
{
    if (vsnprintf(sentence, SENTENCE_MAX, format, arguments) < 0) *sentence = '\0';
    base_sanitize(sentence);
}

int cli_fail(const cli_run *run, int status, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    compose(sentence, format, arguments);
    va_end(arguments);
    say(run, status, sentence);
    return status;
}

int cli_fail_sdk(const cli_run *run, const dstack_p2p *sdk)
{
    return cli_fail(run, dstack_p2p_errcode(sdk), "%s", dstack_p2p_errmsg(sdk));
}

int cli_misuse(const cli_run *run, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    compose(sentence, format, arguments);
    va_end(arguments);
    say(run, CLI_USAGE, sentence);
    if (!run->json) fprintf(stderr, "Try 'dstack-p2p %s --help'.\n", run->command->name);
    return CLI_USAGE;
}

void cli_warn(const cli_run *run, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    compose(sentence, format, arguments);
    va_end(arguments);
    if (!cli_has_room(STDERR_FILENO)) return;
    if (run->json)
        say_json(json_pack("{s{ss}}", "warning", "message", sentence));
    else
        fprintf(stderr, "dstack-p2p %s: %s\n", run->command->name, sentence);
}

void cli_note(const cli_run *run, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    if (run->json) return;
    va_start(arguments, format);
    compose(sentence, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s\n", sentence);
}

int cli_flush(const cli_run *run)
{
    if (!fflush(stdout) && !ferror(stdout)) return CLI_OK;
    /* Who reads no further, as head does, knows. */
    if (errno == EPIPE) return CLI_OUTPUT;
    return cli_fail(run, CLI_OUTPUT, "the output cannot be written: %s", strerror(errno));
}

static int print(const cli_run *run, json_t *value, size_t flags)
{
    char *text = value ? json_dumps(value, JSON_ENSURE_ASCII | JSON_ENCODE_ANY | flags) : NULL;
    json_decref(value);
    if (!text) return cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    puts(text);
    free(text);
    return cli_flush(run);
}

int cli_print_json(const cli_run *run, json_t *value)
{
    return print(run, value, JSON_INDENT(2));
}

int cli_print_json_line(const cli_run *run, json_t *value)
{
    return print(run, value, JSON_COMPACT);
}

void cli_tell_json(json_t *value)
{
    char *text = value ? json_dumps(value, JSON_ENSURE_ASCII | JSON_COMPACT) : NULL;
    if (text) fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(value);
}

bool cli_is_terminal(int fd)
{
    return isatty(fd);
}

bool cli_may_colour(int fd)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && !(no_colour && *no_colour) && term && strcmp(term, "dumb");
}

unsigned cli_columns(int fd)
{
    struct winsize size;
    return isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}
