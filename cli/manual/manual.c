/* SPDX-License-Identifier: MIT */

/*
 * dstack-p2p-manual PARTS FOLDER: writes the manual pages and completions, as the tables of the commands and
 * the hand-written parts have them, to FOLDER/man and FOLDER/completions, which exist. scripts/gen_manual.sh
 * runs it.
 */

#include "cli/manual/pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool cannot_write(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
}

static FILE *create(char path[static 4096], const char *folder, const char *name, const char *command)
{
    snprintf(path, 4096, "%s/%s%s%s", folder, name, command, strstr(name, "man/") ? ".1" : "");
    FILE *file = fopen(path, "we");
    if (!file) cannot_write(path);
    return file;
}

static bool finish(FILE *file, const char *path)
{
    bool ok = !ferror(file);
    return fclose(file) == 0 && ok ? true : cannot_write(path);
}

static bool write_command(const char *parts, const char *folder, const cli_command *command)
{
    char path[4096];
    FILE *file = create(path, folder, "man/dstack-p2p-", command->name);
    if (!file) return false;
    bool ok = manual_command_page(file, parts, command);
    return finish(file, path) && ok;
}

static bool write_main(const char *parts, const char *folder)
{
    char path[4096];
    FILE *file = create(path, folder, "man/dstack-p2p", "");
    if (!file) return false;
    bool ok = manual_main_page(file, parts);
    return finish(file, path) && ok;
}

static bool write_completion(const char *folder, const char *name, void (*put)(FILE *out))
{
    char path[4096];
    FILE *file = create(path, folder, name, "");
    if (!file) return false;
    put(file);
    return finish(file, path);
}

int main(int argc, char **argv)
{
    const cli_command *command;
    if (argc != 3) {
        fputs("usage: dstack-p2p-manual PARTS FOLDER\n", stderr);
        return 2;
    }
    bool ok = write_main(argv[1], argv[2]);
    for (size_t i = 0; ok && (command = cli_command_at(i)); i++)
        ok = write_command(argv[1], argv[2], command);
    ok = ok && write_completion(argv[2], "completions/dstack-p2p.bash", manual_bash) &&
         write_completion(argv[2], "completions/_dstack-p2p", manual_zsh);
    return ok ? 0 : 1;
}
