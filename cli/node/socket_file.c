/* SPDX-License-Identifier: MIT */
#include "cli/node/socket_file.h"

#include "base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, LOCK_MS = 2000, SOCKET_MODE = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP };

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether somebody listens there. A full queue (EAGAIN), or one we may not enter (EACCES), is somebody's. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = new_socket();
    if (fd < 0) return true;
    bool dead = connect(fd, (const struct sockaddr *)address, sizeof *address) && errno == ECONNREFUSED;
    close(fd);
    return !dead;
}

/* Two that come at once must not both find the dead one's file, and the second remove the first one's new
 * one. */
static int lock_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path + 2];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const base_clock *clock = base_clock_system();
    if (fd < 0 || base_file_lock(fd, clock, -1, base_now_ms(clock) + LOCK_MS) == BASE_LOCKED) return fd;
    close(fd);
    errno = EBUSY;
    return -1;
}

/* Makes room: removes the file that a process has left that is no more. False with the reason in `why`. */
static bool clear_path(const struct sockaddr_un *address, char *why, size_t size)
{
    struct stat info;
    if (lstat(address->sun_path, &info)) return true;
    if (!S_ISSOCK(info.st_mode))
        snprintf(why, size, "there is a file that is no socket");
    else if (is_alive(address))
        snprintf(why, size, "another process listens there");
    else if (unlink(address->sun_path))
        snprintf(why, size, "the old socket cannot be removed: %s", strerror(errno));
    else
        return true;
    return false;
}

/* The mode is set before the file exists, and again where the umask took from it. */
static bool bind_file(int fd, const struct sockaddr_un *address)
{
    return !fchmod(fd, SOCKET_MODE) && !bind(fd, (const struct sockaddr *)address, sizeof *address) &&
           !chmod(address->sun_path, SOCKET_MODE) && !listen(fd, BACKLOG);
}

int node_socket_file_open(const char *path, char *why, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int folder = lock_folder(path);
    if (folder < 0) {
        snprintf(why, size, "its folder cannot be had: %s", strerror(errno));
        return -1;
    }
    int fd = new_socket();
    bool clear = fd >= 0 && clear_path(&address, why, size);
    if (!clear || !bind_file(fd, &address)) {
        if (fd < 0 || clear) snprintf(why, size, "%s", strerror(errno));
        if (fd >= 0) close(fd);
        fd = -1;
    }
    close(folder);
    return fd;
}
