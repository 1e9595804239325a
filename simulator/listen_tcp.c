/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Splits at the last colon, brackets off. */
static bool split(const char *where, char host[static 256], char port[static 8])
{
    const char *colon = strrchr(where, ':');
    if (!colon || strlen(colon + 1) > 5 || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return false;
    size_t len = (size_t)(colon - where);
    if (len > 2 && where[0] == '[' && colon[-1] == ']') {
        where++;
        len -= 2;
    } else if (memchr(where, ':', len)) {
        return false;
    }
    if (len == 0 || len > 255) return false;
    memcpy(host, where, len);
    host[len] = '\0';
    strcpy(port, colon + 1);
    return true;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int open_at(const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
    int problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

static void describe(int fd, char address[static SIM_TCP_TEXT])
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof name;
    char host[48], port[8];
    getsockname(fd, (struct sockaddr *)&name, &len);
    getnameinfo((struct sockaddr *)&name, len, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(address, SIM_TCP_TEXT, name.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* IPv4 first: that is where clients who were told "localhost" look as well. */
static int look_up(const char *host, const char *port, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    if (getaddrinfo(host, port, &hints, found) == 0) return 0;
    hints.ai_family = AF_UNSPEC;
    return getaddrinfo(host, port, &hints, found);
}

int sim_listen_tcp(const char *where, bool remote, char address[static SIM_TCP_TEXT], base_error *error)
{
    char host[256], port[8];
    struct addrinfo *found = NULL;
    int fd = -1;
    if (!split(where, host, port) || strtoul(port, NULL, 10) > 65535) {
        base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "--listen %s: not HOST:PORT", where);
        return -1;
    }
    int problem = look_up(host, port, &found);
    if (problem)
        base_fail(error, DSTACK_P2P_ERR_SYSTEM, "--listen %s: %s", where, gai_strerror(problem));
    else if (!remote && !is_loopback(found->ai_addr))
        base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT,
                  "--listen %s: other machines can reach this address; add --allow-remote if they may",
                  where);
    else if ((fd = open_at(found)) < 0)
        base_fail(error, DSTACK_P2P_ERR_SYSTEM, "--listen %s: %s", where, strerror(errno));
    else
        describe(fd, address);
    if (found) freeaddrinfo(found);
    return fd;
}
