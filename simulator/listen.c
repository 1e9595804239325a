/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FAIL(error, ...) (base_fail(error, DSTACK_P2P_ERR_SYSTEM, __VA_ARGS__), false)

static bool unix_address(const char *path, struct sockaddr_un *address, base_error *error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return FAIL(error, "%s: the path has %zu bytes, a unix socket's may have %zu: use a shorter --dir",
                    path, strlen(path), sizeof address->sun_path - 1);
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

/* Removes what a simulator that was killed has left behind; nothing else. */
static bool clear_way(const char *path, const struct sockaddr_un *address, base_error *error)
{
    struct stat file;
    if (lstat(path, &file)) return errno == ENOENT || FAIL(error, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(file.st_mode)) return FAIL(error, "%s: is there and is not a socket", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int answer = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int problem = answer ? errno : 0;
    if (fd >= 0) close(fd);
    if (answer == 0 || problem == EAGAIN)
        return FAIL(error, "%s: another simulator runs there: stop it, or use another --dir", path);
    if (problem != ECONNREFUSED) return FAIL(error, "%s: %s", path, strerror(problem));
    return unlink(path) == 0 || errno == ENOENT || FAIL(error, "%s: %s", path, strerror(errno));
}

bool sim_listen_unix(const char *path, sim_socket *sock, base_error *error)
{
    struct sockaddr_un address;
    struct stat file;
    *sock = (sim_socket){.fd = -1};
    if (!unix_address(path, &address, error) || !clear_way(path, &address, error)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177); /* private from the first moment, not only after a chmod */
    int bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof address);
    int problem = errno;
    umask(mask);
    if (bound == 0 && (listen(fd, SOMAXCONN) || lstat(path, &file))) {
        problem = errno;
        unlink(path);
        bound = -1;
    }
    if (bound == 0) {
        *sock = (sim_socket){.fd = fd, .device = file.st_dev, .inode = file.st_ino};
        return true;
    }
    if (fd >= 0) close(fd);
    return FAIL(error, "%s: cannot listen: %s", path, strerror(problem));
}

void sim_listen_unix_end(const char *path, sim_socket *sock)
{
    struct stat file;
    if (sock->fd < 0) return;
    close(sock->fd);
    sock->fd = -1;
    if (lstat(path, &file) == 0 && file.st_dev == sock->device && file.st_ino == sock->inode) unlink(path);
}
