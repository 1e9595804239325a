/* SPDX-License-Identifier: MIT */
#include "cli/parse.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_VALUE = 256, SHOWN_MAX = 42 }; /* what getopt_long returns for the option at index 0 */

static void collect(cli_run *run)
{
    const cli_option *table;
    for (size_t i = 0; (table = cli_command_options(run->command, i)); i++)
        for (; table->name && run->option_count < CLI_VALUES_MAX; table++)
            run->options[run->option_count++] = table;
}

/* getopt's own tables, made of ours. */
typedef struct getopt_tables {
    struct option options[CLI_VALUES_MAX + 1];
    char letters[2 * CLI_VALUES_MAX + 2];
} getopt_tables;

static void make_tables(const cli_run *run, getopt_tables *tables)
{
    char *letters = tables->letters;
    memset(tables, 0, sizeof *tables);
    *letters++ = ':'; /* we say ourselves what is wrong */
    for (size_t i = 0; i < run->option_count; i++) {
        const cli_option *option = run->options[i];
        tables->options[i] = (struct option){option->name, option->argument ? required_argument : no_argument,
                                             NULL, FIRST_VALUE + (int)i};
        if (!option->letter) continue;
        *letters++ = option->letter;
        if (option->argument) *letters++ = ':';
    }
}

static size_t find_letter(const cli_run *run, int letter)
{
    size_t i = 0;
    while (i < run->option_count && run->options[i]->letter != letter)
        i++;
    return i;
}

/* optopt tells a letter, also from within several in one word; of a long option the word is the last one
 * read. */
static int refuse(const cli_run *run, int found, char **argv)
{
    const char *given = argv[optind - 1];
    int len = (int)strcspn(given, "=");
    if (optopt > 0 && optopt < FIRST_VALUE)
        return cli_misuse(run, found == ':' ? "-%c needs a value" : "there is no option -%c", optopt);
    if (found == ':') return cli_misuse(run, "%s needs a value", given);
    if (optopt) return cli_misuse(run, "%.*s takes no value", len, given);
    return cli_misuse(run, "there is no option %.*s, or it is an abbreviation of several", len, given);
}

static int take(cli_run *run, size_t i, const char *value)
{
    if (i >= run->option_count) return CLI_USAGE;
    if (run->values[i]) return cli_misuse(run, "--%s is given twice", run->options[i]->name);
    /* A variable of a script that is not set; nothing else may be taken in its place. */
    if (value && !*value) return cli_misuse(run, "--%s is given an empty value", run->options[i]->name);
    run->values[i] = value ? value : "";
    return 0;
}

/* What is long may be a private key in the wrong place. */
static const char *shown(const char *text)
{
    return strlen(text) > SHOWN_MAX ? "..." : text;
}

static int check_arguments(cli_run *run, int argc, char **argv)
{
    const cli_command *command = run->command;
    run->arguments = argv + optind;
    run->argument_count = (size_t)(argc - optind);
    if (run->argument_count < command->least)
        return cli_misuse(run, "something is missing: %s %s", command->name, command->arguments);
    if (run->argument_count > command->most)
        return cli_misuse(run, "'%s' is more than it takes", shown(run->arguments[command->most]));
    return CLI_GO;
}

int cli_parse(cli_run *run, const cli_command *command, int argc, char **argv)
{
    int found;
    getopt_tables tables;
    *run = (cli_run){.command = command};
    collect(run);
    make_tables(run, &tables);
    opterr = 0;
    optind = 0; /* glibc's way to begin anew */
    /* Known at once, for what is said about the others. */
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
        run->json |= !strcmp(argv[i], "--json");
    while ((found = getopt_long(argc, argv, tables.letters, tables.options, NULL)) != -1) {
        if (found == '?' || found == ':') return refuse(run, found, argv);
        size_t i = found >= FIRST_VALUE ? (size_t)(found - FIRST_VALUE) : find_letter(run, found);
        if (take(run, i, optarg)) return CLI_USAGE;
    }
    if (cli_has(run, "help")) return CLI_HELP;
    run->json = cli_has(run, "json"); /* it may have been the value of another one */
    run->verbose = cli_has(run, "verbose");
    return check_arguments(run, argc, argv);
}
