/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* mkostemp */
#include "cli/verify/file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_TEXT = PATH_MAX + 8, CHUNK = 64 * 1024 };

/* ---- Writing ---- */

static int cannot_write(const cli_run *run, const char *path)
{
    return cli_fail(run, CLI_OUTPUT, "'%.200s' cannot be written: %s", path, strerror(errno));
}

/* A temporary file is its owner's alone; this one is to be as any other file would be. */
static bool open_up(int fd)
{
    mode_t mask = umask(077);
    umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

/* A link is followed. A device or a pipe is no file that could be replaced by another. */
static int find_target(const cli_run *run, const char *path, char target[static PATH_MAX])
{
    struct stat info;
    if (!realpath(path, target)) {
        if (errno != ENOENT) return cannot_write(run, path);
        if (snprintf(target, PATH_MAX, "%s", path) < PATH_MAX) return CLI_OK;
        return cli_fail(run, CLI_USAGE, "the name of the file to write is too long");
    }
    if (stat(target, &info) || S_ISREG(info.st_mode)) return CLI_OK;
    return cli_fail(run, CLI_OUTPUT, "'%.200s' cannot be written: it is no file", path);
}

static int replace(const cli_run *run, const char *path, const char *text)
{
    char fresh[PATH_TEXT];
    int len = snprintf(fresh, sizeof fresh, "%s.XXXXXX", path), status = CLI_OK;
    if (len < 0 || (size_t)len >= sizeof fresh)
        return cli_fail(run, CLI_USAGE, "the name of the file to write is too long");
    int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0) return cannot_write(run, path);
    if (!open_up(fd) || !base_file_write(fd, text, strlen(text))) status = cannot_write(run, path);
    if (close(fd) && !status) status = cannot_write(run, path);
    if (!status && rename(fresh, path)) status = cannot_write(run, path);
    if (status) unlink(fresh);
    return status;
}

int cli_audit_save(const cli_run *run, const cli_audit *audit, const char *path)
{
    int status;
    char target[PATH_MAX];
    json_t *document = cli_audit_write(audit);
    char *text = document ? json_dumps(document, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    json_decref(document);
    if (!text)
        status = cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (strlen(text) > CLI_AUDIT_FILE_MAX)
        status = cli_fail(run, CLI_OUTPUT, "the audit of %zu peers is longer than a file may be, %d bytes",
                          audit->count, CLI_AUDIT_FILE_MAX);
    else
        status = find_target(run, path, target);
    if (!status) status = replace(run, target, text);
    free(text);
    return status;
}

/* ---- Reading ---- */

/* All of it, whatever it is: a pipe has no size to be asked for. */
static char *read_all(FILE *file, size_t *len)
{
    size_t capacity = 0;
    char *text = NULL;
    for (*len = 0; *len <= CLI_AUDIT_FILE_MAX && !feof(file) && !ferror(file);) {
        if (*len == capacity) {
            char *more = realloc(text, capacity = capacity ? 2 * capacity : CHUNK);
            if (!more) break;
            text = more;
        }
        *len += fread(text + *len, 1, capacity - *len, file);
    }
    if (feof(file) || ferror(file) || *len > CLI_AUDIT_FILE_MAX) return text;
    free(text);
    return NULL;
}

static int read_text(const cli_run *run, const char *path, const char *text, size_t len, cli_audit *audit)
{
    base_error error = {0};
    if (len > CLI_AUDIT_FILE_MAX)
        return cli_fail(run, CLI_USAGE, "'%.200s' is longer than %d bytes", path, CLI_AUDIT_FILE_MAX);
    if (!cli_audit_read(text, len, audit, &error)) return CLI_OK;
    bool is_ours = error.code == DSTACK_P2P_ERR_NO_MEMORY;
    return cli_fail(run, is_ours ? error.code : CLI_USAGE, "'%.200s': %s", path, error.text);
}

int cli_audit_load(const cli_run *run, const char *path, cli_audit *audit)
{
    size_t len;
    int status;
    FILE *file = fopen(path, "re");
    *audit = (cli_audit){0};
    if (!file) return cli_fail(run, CLI_USAGE, "'%.200s' cannot be read: %s", path, strerror(errno));
    char *text = read_all(file, &len);
    if (!text)
        status = cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (ferror(file))
        status = cli_fail(run, CLI_USAGE, "'%.200s' cannot be read: %s", path, strerror(errno));
    else
        status = read_text(run, path, text, len, audit);
    free(text);
    fclose(file);
    return status;
}
