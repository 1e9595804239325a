/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_NEXT, and what is replaced */
#include "failures/inject_private.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static bool refuses_descriptor(const void *caller)
{
    if (!inject_refuses(INJECT_DESCRIPTORS, caller)) return false;
    errno = EMFILE;
    return true;
}

#define UNLESS(call) (refuses_descriptor(CALLER) ? -1 : (call))

EXPORT int socket(int domain, int type, int protocol)
{
    return UNLESS(NEXT(socket)(domain, type, protocol));
}

EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
    return UNLESS(NEXT(socketpair)(domain, type, protocol, fds));
}

EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
    return UNLESS(NEXT(accept4)(fd, address, len, flags));
}

EXPORT int eventfd(unsigned count, int flags)
{
    return UNLESS(NEXT(eventfd)(count, flags));
}

EXPORT int epoll_create1(int flags)
{
    return UNLESS(NEXT(epoll_create1)(flags));
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
    return UNLESS(NEXT(timerfd_create)(clock, flags));
}

EXPORT int pipe(int fds[2])
{
    return UNLESS(NEXT(pipe)(fds));
}

EXPORT int pipe2(int fds[2], int flags)
{
    return UNLESS(NEXT(pipe2)(fds, flags));
}

EXPORT int dup(int fd)
{
    return UNLESS(NEXT(dup)(fd));
}

/* The mode, which comes only with a file that is made. */
#define MODE(flags, mode)                                                                                    \
    mode_t mode = 0;                                                                                         \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                   \
        va_list rest;                                                                                        \
        va_start(rest, flags);                                                                               \
        mode = va_arg(rest, mode_t);                                                                         \
        va_end(rest);                                                                                        \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return UNLESS(NEXT(open)(path, flags, mode));
}

EXPORT int open64(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return UNLESS(NEXT(open64)(path, flags, mode));
}

EXPORT int openat(int directory, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return UNLESS(NEXT(openat)(directory, path, flags, mode));
}
