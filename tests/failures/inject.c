/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* RTLD_NEXT, and what is replaced */
#include "failures/inject.h"

#include "failures/live.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What the C library calls its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *data);

#define EXPORT __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

static _Thread_local bool watched, silent; /* silent: the C library's own, while it makes a thread */
static atomic_int armed_kind = INJECT_KINDS;
static atomic_bool refuses_all, happened;
static atomic_size_t left; /* requests until the one that is refused */
static _Atomic(const void *) victim;

void inject_watch(void)
{
    watched = true;
}

void inject_arm(inject_kind kind, size_t nth, bool all)
{
    happened = false;
    refuses_all = all;
    left = nth;
    armed_kind = kind;
}

bool inject_disarm(void)
{
    armed_kind = INJECT_KINDS;
    return happened;
}

bool inject_happened(void)
{
    return happened;
}

const void *inject_victim(void)
{
    return victim;
}

/* Whether this request is the one. Counting stops at zero, so that one is refused and no other. */
static bool refuses(inject_kind kind, const void *caller)
{
    if (!watched || armed_kind != (int)kind) return false;
    size_t before = left;
    while (before && !atomic_compare_exchange_weak(&left, &before, before - 1)) {
    }
    if (before != 1 && !(before == 0 && refuses_all)) return false;
    victim = caller;
    happened = true;
    return true;
}

/* ---- Memory ---- */

static void *given(void *data, size_t size, const void *caller)
{
    if (watched && !silent && data) live_add(data, size, caller);
    return data;
}

static bool refuses_memory(const void *caller)
{
    if (!refuses(INJECT_MEMORY, caller)) return false;
    errno = ENOMEM;
    return true;
}

EXPORT void *malloc(size_t size)
{
    return refuses_memory(CALLER) ? NULL : given(__libc_malloc(size), size, CALLER);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return refuses_memory(CALLER) ? NULL : given(__libc_calloc(count, size), count * size, CALLER);
}

/* Whoever still uses it afterwards shall notice. */
EXPORT void free(void *data)
{
    int saved = errno;
    if (!data) return;
    live_remove(data);
    if (watched) memset(data, 0xdf, malloc_usable_size(data));
    __libc_free(data);
    errno = saved;
}

EXPORT void *realloc(void *data, size_t size)
{
    if (data && !size) {
        free(data);
        return NULL;
    }
    if (refuses_memory(CALLER)) return NULL;
    live_remove(data);
    return given(__libc_realloc(data, size), size, CALLER);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (refuses_memory(CALLER)) return ENOMEM;
    *out = given(__libc_memalign(alignment, size), size, CALLER);
    return *out ? 0 : ENOMEM;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return refuses_memory(CALLER) ? NULL : given(__libc_memalign(alignment, size), size, CALLER);
}

/* ---- Descriptors ---- */

static bool refuses_descriptor(const void *caller)
{
    if (!refuses(INJECT_DESCRIPTORS, caller)) return false;
    errno = EMFILE;
    return true;
}

/* The function of that name in the library behind this program, as the type of what is called. */
#define NEXT(name)   ((__typeof__(&(name)))(uintptr_t)dlsym(RTLD_NEXT, #name))
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

/* ---- Threads ---- */

typedef struct start {
    void *(*run)(void *context);
    void *context;
    bool watched;
} start;

static void *run_start(void *context)
{
    start begun = *(start *)context;
    __libc_free(context);
    watched = begun.watched;
    return begun.run(begun.context);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context)
{
    if (refuses(INJECT_THREADS, CALLER)) return EAGAIN;
    start *begun = __libc_malloc(sizeof *begun);
    if (!begun) abort();
    *begun = (start){run, context, watched};
    silent = true;
    int failure = NEXT(pthread_create)(thread, attributes, run_start, begun);
    silent = false;
    if (failure) __libc_free(begun);
    return failure;
}
