/* SPDX-License-Identifier: MIT */
#include "cli/manual/pages.h"
#include "cli/manual/parts.h"
#include "cli/manual/roff.h"

#include "dstack_p2p.h"

#include <string.h>

/* ---- dstack-p2p(1): what all commands have in common ---- */

static void put_commands(FILE *out)
{
    const cli_command *command;
    fputs(".Sh COMMANDS\n", out);
    for (cli_group group = 0; group < CLI_GROUPS; group++) {
        bool began = false;
        for (size_t i = 0; (command = cli_command_at(i)); i++) {
            if (command->group != group) continue;
            if (!began) fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", cli_group_name(group));
            began = true;
            fprintf(out, ".It Xr dstack-p2p-%s 1\n", command->name);
            roff_text(out, command->summary);
        }
        if (began) fputs(".El\n", out);
    }
}

/* ---- Variables ---- */

typedef struct variables {
    const cli_option *found[256]; /* by which each is described: the first option that has it */
    size_t count;
} variables;

static void note(variables *it, const cli_option *option)
{
    for (size_t i = 0; i < it->count; i++)
        if (!strcmp(it->found[i]->variable, option->variable)) return;
    if (it->count < sizeof it->found / sizeof *it->found) it->found[it->count++] = option;
}

static void find_variables(variables *it)
{
    const cli_command *command;
    const cli_option *table;
    for (size_t i = 0; (command = cli_command_at(i)); i++)
        for (size_t j = 0; (table = cli_command_options(command, j)); j++)
            for (; table->name; table++)
                if (table->variable) note(it, table);
}

/* What the library and some commands read themselves, unless an option has come to stand for it. */
static const cli_option others[] = {
    {.variable = "CONNECTION_URL", .help = "where this node is to be reached"},
    {.variable = "DSTACK_GATEWAY_DOMAIN", .help = "the gateway's domain, of which URLs with a port are made"},
    {.variable = "DSTACK_P2P_CACHE_FILE", .help = "where a monitor keeps its last list over restarts"},
};

static void put_variable(FILE *out, const cli_option *option)
{
    fprintf(out, ".It Ev %s\n", option->variable);
    if (option->name) {
        fputs("As\n.Fl Fl ", out);
        roff_argument(out, option->name);
        fputs(" :\n", out);
    }
    roff_text(out, option->help);
}

static bool put_environment(FILE *out, const char *parts)
{
    variables all = {.count = 0};
    find_variables(&all);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        note(&all, &others[i]);
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < all.count; i++)
        put_variable(out, all.found[i]);
    bool there = manual_part(out, parts, "dstack-p2p.environment");
    fputs(".El\n", out);
    return there;
}

/* ---- Statuses ---- */

static void put_status(FILE *out, int value, const char *sentence)
{
    fprintf(out, ".It %d\n", value);
    roff_text(out, sentence);
}

static void put_statuses(FILE *out)
{
    fputs(".Sh EXIT STATUS\n"
          "From 10 on the status is the library's code, whose name is in the error that\n"
          ".Fl Fl json\n"
          "prints: 1x is the caller or this machine, 2x the guest agent, 3x the Ethereum\n"
          "node, 4x the contract, 5x the payment.\n"
          ".Pp\n"
          ".Bl -tag -width Ds -compact\n",
          out);
#define ROW(name, value, sentence) put_status(out, value, sentence);
    CLI_STATUS_MAP(ROW)
    DSTACK_P2P_ERROR_MAP(ROW)
#undef ROW
    fputs(".El\n", out);
}

bool manual_main_page(FILE *out, const char *parts)
{
    manual_head(out, NULL, "peer discovery for clusters of confidential VMs");
    fputs(".Sh SYNOPSIS\n"
          ".Nm\n.Ar command\n.Op Ar argument ...\n.Op Ar option ...\n"
          ".Nm\n.Ar command\n.Fl Fl help\n"
          ".Nm\n.Fl Fl help | Fl Fl version\n",
          out);
    bool whole = manual_part(out, parts, "dstack-p2p.description");
    put_commands(out);
    whole &= manual_part(out, parts, "dstack-p2p.configuration");
    whole &= put_environment(out, parts);
    whole &= manual_part(out, parts, "dstack-p2p.files");
    put_statuses(out);
    whole &= manual_part(out, parts, "dstack-p2p.end");
    if (!whole) fprintf(stderr, "a part of dstack-p2p(1) is missing in %s\n", parts);
    return whole;
}
