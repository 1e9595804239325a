/* SPDX-License-Identifier: MIT */
#include "cli/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The values that options have: from the command line, else from the environment. */

/* What is longer is not told back to who gave it: it may be a private key in the wrong place. */
enum { SHOWN_MAX = 30 };

static size_t find(const cli_run *run, const char *name)
{
    size_t i = 0;
    while (i < run->option_count && strcmp(run->options[i]->name, name))
        i++;
    return i;
}

const char *cli_value(const cli_run *run, const char *name)
{
    size_t i = find(run, name);
    if (i == run->option_count) return NULL;
    if (run->values[i] || !run->options[i]->variable) return run->values[i];
    const char *text = getenv(run->options[i]->variable);
    return text && *text ? text : NULL;
}

bool cli_has(const cli_run *run, const char *name)
{
    return cli_value(run, name);
}

static const char *shown(const char *text)
{
    return strlen(text) > SHOWN_MAX ? "..." : text;
}

/* A decimal number: strtoull alone would take signs, white space and other bases. */
static bool read_digits(const char *text, uint64_t *out, const char **rest)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    *rest = end;
    return !errno;
}

int cli_read_number(const cli_run *run, const char *what, const char *text, uint64_t min, uint64_t max,
                    uint64_t *out)
{
    const char *rest;
    uint64_t value;
    if (!read_digits(text, &value, &rest) || *rest || value < min || value > max)
        return cli_misuse(run, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", what, min, max,
                          shown(text));
    *out = value;
    return 0;
}

const char *cli_source(const cli_run *run, const char *name, char text[static CLI_SOURCE_TEXT])
{
    size_t i = find(run, name);
    bool is_given = i == run->option_count || run->values[i] || !run->options[i]->variable;
    snprintf(text, CLI_SOURCE_TEXT, "%s%s", is_given ? "--" : "",
             is_given ? name : run->options[i]->variable);
    return text;
}

int cli_number(const cli_run *run, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    char what[CLI_SOURCE_TEXT];
    const char *text = cli_value(run, name);
    return text ? cli_read_number(run, cli_source(run, name, what), text, min, max, out) : 0;
}

static uint64_t unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(unit, units[i].name)) return units[i].ms;
    return 0;
}

int cli_read_milliseconds(const cli_run *run, const char *what, const char *text, uint64_t max_ms,
                          uint64_t *out)
{
    const char *rest;
    uint64_t value, unit;
    if (!read_digits(text, &value, &rest) || !(unit = unit_ms(rest)) || value > max_ms / unit)
        return cli_misuse(
            run, "%s takes a time of at most %" PRIu64 " s, such as 10, 500ms, 5m, 24h or 7d, not '%s'", what,
            max_ms / 1000, shown(text));
    *out = value * unit;
    return 0;
}

int cli_milliseconds(const cli_run *run, const char *name, uint64_t max_ms, uint64_t *out)
{
    char what[CLI_SOURCE_TEXT];
    const char *text = cli_value(run, name);
    return text ? cli_read_milliseconds(run, cli_source(run, name, what), text, max_ms, out) : 0;
}
