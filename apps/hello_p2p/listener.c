/* SPDX-License-Identifier: MIT */
#include "listener.h"
#include "log.h"
#include "port_owner.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel would let what slow readers do not take grow to megabytes for each. */
enum { BACKLOG = 512, SEND_BUFFER = 64 * 1024 };

static int refuse(const char *address, uint16_t port)
{
    char owner[64];
    int error = errno;
    if (error == EADDRINUSE && port_owner(port, owner, sizeof owner))
        log_fatal(0, "port %u is in use by %s", port, owner);
    else if (error == EADDRINUSE)
        log_fatal(0, "port %u is in use", port);
    else
        log_fatal(0, "cannot listen on %s port %u: %s", address, port, strerror(error));
    return -1;
}

static int open_socket(const struct addrinfo *where)
{
    int on = 1, send_buffer = SEND_BUFFER;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Connections inherit it. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    if (!bind(fd, where->ai_addr, where->ai_addrlen) && !listen(fd, BACKLOG)) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    char text[8];
    unsigned port = 0;
    if (!getsockname(fd, (struct sockaddr *)&bound, &len) &&
        !getnameinfo((struct sockaddr *)&bound, len, NULL, 0, text, sizeof text, NI_NUMERICSERV))
        sscanf(text, "%5u", &port);
    return (uint16_t)port;
}

int listener_open(const char *address, uint16_t *port)
{
    char service[8];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *where;
    snprintf(service, sizeof service, "%u", *port);
    if (getaddrinfo(address, service, &hints, &where)) {
        log_fatal(0, "--listen takes a numeric address such as 127.0.0.1 or ::, not '%s'", address);
        return -1;
    }
    int fd = open_socket(where);
    freeaddrinfo(where);
    if (fd < 0) return refuse(address, *port);
    *port = port_of(fd);
    return fd;
}
