/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* mkostemp, O_DIRECTORY */
#include "cli/output_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_MODE = 0644, LINKS_MAX = 40 };

typedef struct output {
    char path[PATH_MAX], temporary[PATH_MAX + 32];
    struct stat before;
    bool exists;
    mode_t mode;
    char *problem;
} output;

static int refuse(const output *it, const char *what, const char *why)
{
    snprintf(it->problem, CLI_OUTPUT_TEXT, "%.200s %s: %s", it->path, what, why);
    return -1;
}

/* ---- What is there ---- */

/* The name of the folder that a file is in: the path up to the last slash. */
static int folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

/* To where links lead, also if nothing is there yet: it is the file that is replaced, never a link. */
static int follow(output *it)
{
    char target[PATH_MAX], path[2 * PATH_MAX];
    for (int links = 0; links < LINKS_MAX; links++) {
        ssize_t len = readlink(it->path, target, sizeof target);
        if (len < 0) return 0;
        int folder = *target == '/' ? 0 : folder_of(it->path);
        snprintf(path, sizeof path, "%.*s%.*s", folder, it->path, (int)len, target);
        if (strlen(path) >= sizeof it->path) return refuse(it, "cannot be written", strerror(ENAMETOOLONG));
        memcpy(it->path, path, strlen(path) + 1);
    }
    return refuse(it, "cannot be written", strerror(ELOOP));
}

static int look(output *it, const char *path, mode_t mode)
{
    snprintf(it->path, sizeof it->path, "%.*s", PATH_MAX - 1, path);
    if (strlen(path) >= PATH_MAX) return refuse(it, "cannot be written", strerror(ENAMETOOLONG));
    if (follow(it)) return -1;
    it->exists = !stat(it->path, &it->before);
    if (!it->exists && errno != ENOENT) return refuse(it, "cannot be written", strerror(errno));
    if (it->exists && !S_ISREG(it->before.st_mode)) return refuse(it, "cannot be written", "it is no file");
    mode_t kept = it->exists ? it->before.st_mode & 07777 : DEFAULT_MODE;
    it->mode = mode == CLI_KEEP_MODE ? kept : mode;
    return 0;
}

static bool read_all(int fd, char *text, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = read(fd, text + have, len - have);
        if (got <= 0) return false;
        have += (size_t)got;
    }
    return true;
}

/* Whether the file holds the text already, and has the mode it should have. */
static bool is_same(const output *it, const char *text, size_t len)
{
    if (!it->exists || (size_t)it->before.st_size != len || (it->before.st_mode & 07777) != it->mode)
        return false;
    int fd = open(it->path, O_RDONLY | O_CLOEXEC);
    char *held = fd >= 0 ? malloc(len + 1) : NULL;
    bool same = held && read_all(fd, held, len) && !memcmp(held, text, len);
    free(held);
    if (fd >= 0) close(fd);
    return same;
}

/* ---- What takes its place ---- */

static bool keep_owner(const output *it, int fd)
{
    struct stat info;
    if (!it->exists || fstat(fd, &info)) return true;
    if (info.st_uid == it->before.st_uid && info.st_gid == it->before.st_gid) return true;
    return !fchown(fd, it->before.st_uid, it->before.st_gid);
}

static int fill(const output *it, int fd, const char *text, size_t len)
{
    if (!keep_owner(it, fd)) return refuse(it, "cannot keep its owner", strerror(errno));
    if (fchmod(fd, it->mode) || !base_file_write(fd, text, len))
        return refuse(it, "cannot be written", strerror(errno));
    return 0;
}

/* Has the new name on disk; some file systems cannot. */
static void sync_folder(const output *it)
{
    char folder[PATH_MAX];
    int len = folder_of(it->path);
    snprintf(folder, sizeof folder, "%.*s", len ? len : 1, len ? it->path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

static int replace(output *it, const char *text, size_t len)
{
    int folder = folder_of(it->path);
    snprintf(it->temporary, sizeof it->temporary, "%.*s.%.200s.XXXXXX", folder, it->path, it->path + folder);
    int fd = mkostemp(it->temporary, O_CLOEXEC);
    if (fd < 0) return refuse(it, "cannot be written", strerror(errno));
    int failed = fill(it, fd, text, len);
    if (close(fd) && !failed) failed = refuse(it, "cannot be written", strerror(errno));
    if (!failed && rename(it->temporary, it->path))
        failed = refuse(it, "cannot be replaced", strerror(errno));
    if (failed)
        unlink(it->temporary);
    else
        sync_folder(it);
    return failed;
}

int cli_output_write(const char *path, mode_t mode, const char *text, size_t len, bool *changed,
                     char problem[static CLI_OUTPUT_TEXT])
{
    output it = {.problem = problem};
    *changed = false;
    if (look(&it, path, mode)) return -1;
    if (is_same(&it, text, len)) return 0;
    if (replace(&it, text, len)) return -1;
    *changed = true;
    return 0;
}
