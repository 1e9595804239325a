/* SPDX-License-Identifier: MIT */
#include "cli/config_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024, LINES_MAX = 1000, KEYS_MAX = 64, PATH_TEXT = 4096 };

/* Whether any command has an option that this variable is for. */
static bool is_of_an_option(const char *key)
{
    const cli_command *command;
    const cli_option *table;
    for (size_t i = 0; (command = cli_command_at(i)); i++)
        for (size_t j = 0; (table = cli_command_options(command, j)); j++)
            for (; table->name; table++)
                if (table->variable && !strcmp(table->variable, key)) return true;
    return false;
}

/* What the library reads itself, and no option of ours is for. */
static bool is_known(const char *key)
{
    static const char *const others[] = {"CONNECTION_URL", "DSTACK_GATEWAY_DOMAIN", "DSTACK_P2P_CACHE_FILE",
                                         NULL};
    for (size_t i = 0; others[i]; i++)
        if (!strcmp(others[i], key)) return true;
    return strcmp(key, "DSTACK_P2P_CONFIG") && is_of_an_option(key);
}

/* Cuts white space off both ends. */
static char *trim(char *text)
{
    size_t len;
    while (isspace((unsigned char)*text))
        text++;
    for (len = strlen(text); len && isspace((unsigned char)text[len - 1]);)
        text[--len] = '\0';
    return text;
}

/* Takes off quotation marks around the whole value, as systemd and shells have them. False when they are not
 * closed, or something is behind them: a comment, which would otherwise be a part of the value. */
static bool unquote(char **text)
{
    size_t len = strlen(*text);
    if (**text != '"' && **text != '\'') return true;
    if (len < 2 || strchr(*text + 1, **text) != *text + len - 1) return false;
    (*text)[len - 1] = '\0';
    ++*text;
    return true;
}

static int refuse(const cli_run *run, const char *name, unsigned number, const char *why)
{
    return cli_fail(run, CLI_USAGE, "%s, line %u: %s", name, number, why);
}

typedef struct keys {
    const char *seen[KEYS_MAX];
    size_t count;
} keys;

static bool is_new(keys *seen, const char *key)
{
    for (size_t i = 0; i < seen->count; i++)
        if (!strcmp(seen->seen[i], key)) return false;
    if (seen->count < KEYS_MAX) seen->seen[seen->count++] = key;
    return true;
}

static int read_line(const cli_run *run, const char *name, unsigned number, char *line, keys *seen)
{
    char *equals = strchr(line, '=');
    line = trim(line);
    if (!*line || *line == '#') return 0;
    if (!equals) return refuse(run, name, number, "KEY=value is expected");
    *equals = '\0';
    const char *key = trim(line);
    if (!strcmp(key, "PRIVATE_KEY"))
        return refuse(run, name, number,
                      "keys do not belong here: put it into a file of mode 0600, PRIVATE_KEY_FILE");
    if (!is_known(key))
        return cli_fail(run, CLI_USAGE, "%s, line %u: '%.40s' is no setting", name, number, key);
    if (!is_new(seen, key)) return refuse(run, name, number, "the key is there twice");
    const char *set = getenv(key);
    char *value = trim(equals + 1);
    if (!unquote(&value)) return refuse(run, name, number, "the quotation marks are not around the value");
    if (*value && !(set && *set) && setenv(key, value, 1))
        return cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return 0;
}

int cli_config_text_read(const cli_run *run, const char *name, char *text)
{
    keys seen = {.count = 0};
    for (unsigned number = 1; text; number++) {
        char *next = strchr(text, '\n');
        if (next) *next++ = '\0';
        if (number > LINES_MAX) return refuse(run, name, number, "too many lines");
        int status = read_line(run, name, number, text, &seen);
        if (status) return status;
        text = next;
    }
    return 0;
}

static int read_file(const cli_run *run, const char *path, FILE *file)
{
    int status;
    char *text = malloc(FILE_MAX + 1);
    if (!text) return cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    size_t len = fread(text, 1, FILE_MAX + 1, file);
    if (ferror(file))
        status = cli_fail(run, CLI_USAGE, "%s: %s", path, strerror(errno));
    else if (len > FILE_MAX)
        status = cli_fail(run, CLI_USAGE, "%s is longer than %d bytes", path, FILE_MAX);
    else if (memchr(text, '\0', len))
        status = cli_fail(run, CLI_USAGE, "%s is no text", path);
    else {
        text[len] = '\0';
        status = cli_config_text_read(run, path, text);
    }
    free(text);
    return status;
}

/* Whether nobody can say that there is a file. Who has given up root's rights, as in a container, often has
 * still its HOME, which is not theirs to look into. */
static bool is_out_of_reach(const char *path)
{
    struct stat info;
    return lstat(path, &info) && errno == EACCES;
}

/* A file that is there and cannot be read is not passed over: it may say the opposite of the next one. */
static FILE *open_if_there(const cli_run *run, const char *path, int *status)
{
    FILE *file = fopen(path, "re");
    int why = errno;
    if (file || why == ENOENT || why == ENOTDIR) return file;
    if (!is_out_of_reach(path))
        *status = cli_fail(run, CLI_USAGE, "%s: %s", path, strerror(why));
    else if (run->verbose)
        cli_note(run, "%s is passed over: %s", path, strerror(why));
    return NULL;
}

/* The first of the usual places where there is one; NULL when there is none. */
static FILE *open_usual(const cli_run *run, char path[static PATH_TEXT], int *status)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    FILE *file = NULL;
    if (config && *config == '/')
        snprintf(path, PATH_TEXT, "%s/dstack-p2p.conf", config);
    else if (home && *home == '/')
        snprintf(path, PATH_TEXT, "%s/.config/dstack-p2p.conf", home);
    else
        *path = '\0';
    if (*path) file = open_if_there(run, path, status);
    if (file || *status) return file;
    snprintf(path, PATH_TEXT, "/etc/dstack-p2p.conf");
    return open_if_there(run, path, status);
}

int cli_config_file_read(const cli_run *run)
{
    char path[PATH_TEXT];
    int status = 0;
    const char *given = cli_value(run, "config");
    FILE *file = given ? fopen(given, "re") : open_usual(run, path, &status);
    if (!file && given) return cli_fail(run, CLI_USAGE, "%s: %s", given, strerror(errno));
    if (!file) return status;
    status = read_file(run, given ? given : path, file);
    fclose(file);
    return status;
}
