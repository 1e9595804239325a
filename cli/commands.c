/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <string.h>

/* In the order of the help. */
static const cli_command *const commands[] = {&command_peers};

const cli_command *cli_command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? commands[index] : NULL;
}

const cli_command *cli_command_find(const char *name)
{
    const cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)); i++)
        if (!strcmp(command->name, name)) return command;
    return NULL;
}

const char *cli_group_name(cli_group group)
{
    static const char *const names[CLI_GROUPS] = {"Cluster owner", "Node", "Everyone"};
    return names[group];
}
