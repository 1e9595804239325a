/* SPDX-License-Identifier: MIT */
#include "cli/manual/pages.h"
#include "cli/manual/parts.h"
#include "cli/manual/roff.h"

#include <stdio.h>
#include <string.h>

/* ---- dstack-p2p-COMMAND(1) ---- */

static void put_argument(FILE *out, const char *word)
{
    fputs(" Ar ", out);
    roff_argument(out, word);
}

static void put_synopsis(FILE *out, const cli_command *command)
{
    const char *text = command->arguments;
    fprintf(out, ".Sh SYNOPSIS\n.Nm dstack-p2p\n.Cm %s\n", command->name);
    while (*text) {
        char word[64];
        size_t len = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        fputs(".Ar ", out);
        roff_argument(out, word);
        fputc('\n', out);
        text += len + (text[len] == ' ');
    }
    fputs(".Op Ar option ...\n", out);
}

static void put_option(FILE *out, const cli_option *option)
{
    fputs(".It ", out);
    if (option->letter) fprintf(out, "Fl %c , ", option->letter);
    fputs("Fl Fl ", out);
    roff_argument(out, option->name);
    if (option->argument) put_argument(out, option->argument);
    fputc('\n', out);
    roff_text(out, option->help);
    if (option->variable) fprintf(out, ".Pq Ev %s\n", option->variable);
}

static void put_options(FILE *out, const cli_command *command)
{
    const cli_option *table;
    fputs(".Sh OPTIONS\n"
          "What is in parentheses at the end of a description is the default, and the variable\n"
          "of the environment, or key of the configuration file, that stands for the option.\n"
          ".Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; (table = cli_command_options(command, i)); i++)
        for (; table->name; table++)
            put_option(out, table);
    fputs(".El\n", out);
}

bool manual_command_page(FILE *out, const char *parts, const cli_command *command)
{
    char part[128];
    manual_head(out, command->name, command->summary);
    put_synopsis(out, command);
    fputs(".Sh DESCRIPTION\n", out);
    roff_paragraphs(out, command->description);
    put_options(out, command);
    snprintf(part, sizeof part, "dstack-p2p-%s", command->name);
    manual_part(out, parts, part); /* most have none */
    fputs(".Sh EXIT STATUS\nSee\n.Xr dstack-p2p 1 .\n", out);
    manual_examples(out, command->examples);
    fputs(".Sh SEE ALSO\n.Xr dstack-p2p 1\n", out);
    return true;
}
