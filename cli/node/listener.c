/* SPDX-License-Identifier: MIT */
#include "cli/node/listener.h"

#include "cli/node/socket_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static int refuse_address(const cli_run *run, const char *address)
{
    return cli_misuse(
        run,
        "--serve takes an address such as 127.0.0.1:9100, [::1]:9100 or unix:/run/dstack-p2p.sock, "
        "not '%.60s'",
        address);
}

static bool is_loopback(const struct addrinfo *where)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (where->ai_family == AF_INET) {
        memcpy(&v4, where->ai_addr, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&v6, where->ai_addr, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* Splits "host:port" and "[host]:port"; false when it is neither. */
static bool split(const char *address, char host[static NI_MAXHOST], char port[static NI_MAXSERV])
{
    const char *colon = strrchr(address, ':');
    size_t len = colon ? (size_t)(colon - address) : 0;
    bool bracketed = len > 2 && *address == '[' && address[len - 1] == ']';
    if (bracketed) {
        address++;
        len -= 2;
    }
    if (!len || len >= NI_MAXHOST || (!bracketed && memchr(address, ':', len)) || !colon[1] ||
        strlen(colon + 1) > 5 || colon[1 + strspn(colon + 1, "0123456789")])
        return false;
    snprintf(host, NI_MAXHOST, "%.*s", (int)len, address);
    snprintf(port, NI_MAXSERV, "%s", colon + 1);
    return true;
}

static bool resolve(const char *address, struct addrinfo **where)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    return split(address, host, port) && strtoul(port, NULL, 10) <= UINT16_MAX &&
           !getaddrinfo(host, port, &hints, where);
}

static int open_tcp(const struct addrinfo *where)
{
    int on = 1;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind(fd, where->ai_addr, where->ai_addrlen) && !listen(fd, BACKLOG)) return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* The port may have been 0. */
static void show_tcp(node_listener *listener)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    char host[64], port[8];
    if (getsockname(listener->fd, (struct sockaddr *)&bound, &len) ||
        getnameinfo((struct sockaddr *)&bound, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return;
    snprintf(listener->shown, sizeof listener->shown, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static int listen_tcp(const cli_run *run, const char *address, bool anywhere, node_listener *listener)
{
    struct addrinfo *where;
    if (!resolve(address, &where)) return refuse_address(run, address);
    if (!anywhere && !is_loopback(where)) {
        freeaddrinfo(where);
        return cli_misuse(run,
                          "%s is no loopback address: --serve-anywhere allows it, and others can read the "
                          "peers and this node's state there",
                          address);
    }
    listener->fd = open_tcp(where);
    int why = errno;
    freeaddrinfo(where);
    if (listener->fd < 0)
        return cli_fail(run, DSTACK_P2P_ERR_SYSTEM, "cannot serve at %s: %s", address, strerror(why));
    show_tcp(listener);
    return 0;
}

static int listen_unix(const cli_run *run, const char *path, node_listener *listener)
{
    char why[256];
    struct stat info;
    if (!*path || strlen(path) >= sizeof listener->path)
        return cli_misuse(
            run, "--serve takes a socket's path of 1 to %zu bytes behind unix:", sizeof listener->path - 1);
    listener->fd = node_socket_file_open(path, why, sizeof why);
    if (listener->fd < 0)
        return cli_fail(run, DSTACK_P2P_ERR_SYSTEM, "cannot serve at unix:%s: %s", path, why);
    snprintf(listener->path, sizeof listener->path, "%s", path);
    snprintf(listener->shown, sizeof listener->shown, "unix:%s", path);
    if (!lstat(path, &info)) {
        listener->device = info.st_dev;
        listener->inode = info.st_ino;
    }
    return 0;
}

int node_listen(const cli_run *run, const char *address, bool anywhere, node_listener *listener)
{
    *listener = (node_listener){.fd = -1};
    if (!strncmp(address, "unix:", 5)) return listen_unix(run, address + 5, listener);
    return listen_tcp(run, address, anywhere, listener);
}

void node_listener_remove(const node_listener *listener)
{
    struct stat info;
    if (*listener->path && !lstat(listener->path, &info) && info.st_dev == listener->device &&
        info.st_ino == listener->inode)
        unlink(listener->path);
}
