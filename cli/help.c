/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include "dstack_p2p.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, INDENT = 30, NAME_INDENT = 23, EXAMPLE_INDENT = 2 };

/* Words of a paragraph, broken at WIDTH, the lines after the first with so many spaces in front. */
static void print_wrapped(const char *text, size_t at, size_t indent)
{
    while (*text && *text != '\n') {
        size_t len = strcspn(text, " \n");
        if (at > indent && at + 1 + len > WIDTH) {
            printf("\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            putchar(' ');
            at++;
        }
        fwrite(text, 1, len, stdout);
        at += len;
        text += len + (text[len] == ' ');
    }
    putchar('\n');
}

static void print_option(const cli_option *option)
{
    char letter[8] = "    ", left[80], help[512];
    if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    snprintf(help, sizeof help, "%s%s%s%s", option->help, option->variable ? " [" : "",
             option->variable ? option->variable : "", option->variable ? "]" : "");
    printf("%-*s", INDENT, left);
    if (strlen(left) + 2 > INDENT) printf("\n%*s", INDENT, "");
    print_wrapped(help, INDENT, INDENT);
}

static void print_options(const cli_command *command)
{
    const cli_option *table;
    fputs("\nOptions:\n", stdout);
    for (size_t i = 0; (table = cli_command_options(command, i)); i++)
        for (; table->name; table++)
            print_option(table);
}

static void print_paragraphs(const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        print_wrapped(text, 0, 0);
        if (!end) return;
        putchar('\n');
        text = end + 2;
    }
}

/* Where a command that is too long is broken: before the last option that begins within the width, else
 * before the last word, and not within quotation marks; 0 = nowhere. */
static size_t find_break(const char *text, size_t len, size_t width)
{
    size_t option = 0, word = 0;
    char quote = 0;
    for (size_t i = 0; i + 1 < len && i <= width; i++) {
        if (quote ? text[i] == quote : text[i] == '\'' || text[i] == '"') quote = quote ? 0 : text[i];
        if (quote || text[i] != ' ') continue;
        word = i;
        if (text[i + 1] == '-') option = i;
    }
    return option ? option : word;
}

/* A line of examples: what can be copied stays so, with a backslash where it goes on. */
static void print_example(const char *text, size_t len)
{
    size_t indent = EXAMPLE_INDENT, at;
    while (*text != ' ' && indent + len > WIDTH && (at = find_break(text, len, WIDTH - indent - 2))) {
        printf("%*s%.*s \\\n", (int)indent, "", (int)at, text);
        text += at + 1;
        len -= at + 1;
        indent = 3 * EXAMPLE_INDENT;
    }
    printf("%*s%.*s\n", (int)indent, "", (int)len, text);
}

static void print_examples(const char *text)
{
    fputs("\nExamples:\n", stdout);
    while (*text) {
        size_t len = strcspn(text, "\n");
        print_example(text, len);
        text += len + (text[len] == '\n');
    }
}

void cli_help_command(const cli_command *command)
{
    printf("usage: dstack-p2p %s%s%s [options]\n\n", command->name, *command->arguments ? " " : "",
           command->arguments);
    print_paragraphs(command->description);
    print_options(command);
    print_examples(command->examples);
}

static void print_group(cli_group group)
{
    const cli_command *command;
    printf("\n%s:\n", cli_group_name(group));
    for (size_t i = 0; (command = cli_command_at(i)); i++) {
        if (command->group != group) continue;
        printf("  %-*s", NAME_INDENT - 2, command->name);
        print_wrapped(command->summary, NAME_INDENT, NAME_INDENT);
    }
}

static void print_statuses(void)
{
    fputs("\nExit status:\n", stdout);
#define ROW(name, value, sentence) printf("  %2d  %s\n", value, sentence);
    CLI_STATUS_MAP(ROW)
    DSTACK_P2P_ERROR_MAP(ROW)
#undef ROW
}

void cli_help(void)
{
    fputs(
        "usage: dstack-p2p COMMAND [arguments] [options]\n"
        "       dstack-p2p COMMAND --help\n\n"
        "Peer discovery for clusters of confidential VMs: the whole life of a cluster. Options win over the\n"
        "environment, that over the configuration file, that over defaults.\n",
        stdout);
    for (cli_group group = 0; group < CLI_GROUPS; group++)
        print_group(group);
    print_statuses();
}
