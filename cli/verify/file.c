/* SPDX-License-Identifier: MIT */
#include "cli/verify/file.h"

#include "cli/output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 64 * 1024 };

/* ---- Writing ---- */

/* A new one is as any other file of this user would be. */
static mode_t mode_for(const char *path)
{
    struct stat info;
    if (!stat(path, &info)) return CLI_KEEP_MODE;
    mode_t mask = umask(077);
    umask(mask);
    return 0666 & ~mask;
}

static int replace(const cli_run *run, const char *path, const char *text)
{
    bool changed;
    char problem[CLI_OUTPUT_TEXT];
    if (!cli_output_write(path, mode_for(path), text, strlen(text), &changed, problem)) return CLI_OK;
    return cli_fail(run, CLI_OUTPUT, "%s", problem);
}

int cli_audit_save(const cli_run *run, const cli_audit *audit, const char *path)
{
    int status;
    json_t *document = cli_audit_write(audit);
    char *text = document ? json_dumps(document, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    json_decref(document);
    if (!text)
        status = cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (strlen(text) > CLI_AUDIT_FILE_MAX)
        status = cli_fail(run, CLI_OUTPUT, "the audit of %zu peers is longer than a file may be, %d bytes",
                          audit->count, CLI_AUDIT_FILE_MAX);
    else
        status = replace(run, path, text);
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
