/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC */
#include "cluster/state_dir.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, NAME_ROOM = 256, OTHERS_WRITE = S_IWGRP | S_IWOTH };

#define REMEDY "set state_dir (DSTACK_P2P_STATE_DIR) to a directory of your own"

static const char *choose(const cluster_config *config, char path[static PATH_ROOM])
{
    if (config->state_dir) return config->state_dir;
    if (config->runtime_dir)
        snprintf(path, PATH_ROOM, "%s/dstack-p2p", config->runtime_dir);
    else
        snprintf(path, PATH_ROOM, "/tmp/dstack-p2p-%lu", (unsigned long)geteuid());
    return path;
}

/* Whether nobody else can have put files there, or can exchange them. */
static int check(int fd, const char *path, base_error *error)
{
    struct stat info;
    if (fstat(fd, &info)) return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "%s: %s", path, strerror(errno));
    if (info.st_uid != geteuid())
        return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                         "the state directory %s belongs to another user (%lu); " REMEDY, path,
                         (unsigned long)info.st_uid);
    if (info.st_mode & OTHERS_WRITE)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                         "others can write in the state directory %s; chmod 700 it, or " REMEDY, path);
    return 0;
}

static bool is_of_the_moment(int why)
{
    return why == EMFILE || why == ENFILE || why == ENOMEM || why == EINTR;
}

bool cluster_state_is_needed(const cluster_config *config, int why)
{
    return config->state_dir || is_of_the_moment(why);
}

int cluster_state_dir_open(const cluster_config *config, base_error *error)
{
    char room[PATH_ROOM];
    const char *path = choose(config, room);
    int made = mkdir(path, S_IRWXU) ? errno : 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        int why = errno == ENOENT && made ? made : errno;
        bool is_other = errno == ELOOP || errno == ENOTDIR;
        bool is_mistake = is_other || (config->state_dir && !is_of_the_moment(why));
        base_fail(error, is_mistake ? DSTACK_P2P_ERR_CONFIG : DSTACK_P2P_ERR_SYSTEM,
                  "the state directory %s %s: %s; " REMEDY, path,
                  is_other ? "is a symbolic link or no directory" : "cannot be had", strerror(why));
        errno = why;
    } else if (check(fd, path, error)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int cluster_state_lock_file(int dir_fd, const char *name)
{
    return openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR);
}

static bool read_all(int fd, base_buf *out)
{
    char piece[1024];
    ssize_t len;
    struct stat info;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_uid != geteuid()) return false;
    while ((len = read(fd, piece, sizeof piece)) > 0)
        if (!base_buf_append(out, piece, (size_t)len)) return false;
    return len == 0;
}

bool cluster_state_read(int dir_fd, const char *name, base_buf *out)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool ok = fd >= 0 && read_all(fd, out);
    if (fd >= 0) close(fd);
    return ok;
}

bool cluster_state_write(int dir_fd, const char *name, const void *data, size_t len)
{
    char fresh[NAME_ROOM + 8];
    snprintf(fresh, sizeof fresh, "%s.new", name);
    int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                    S_IRUSR | S_IWUSR);
    if (fd < 0) return false;
    bool ok = base_file_write(fd, data, len);
    ok = !close(fd) && ok;
    return ok && !renameat(dir_fd, fresh, dir_fd, name) && !fsync(dir_fd);
}
