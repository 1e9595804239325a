/* SPDX-License-Identifier: MIT */
#include "failures/inject_private.h"
#include "failures/live.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* What the C library calls its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *data);

static void *given(void *data, size_t size, const void *caller)
{
    if (inject_remembers() && data) live_add(data, size, caller);
    return data;
}

static bool refuses_memory(const void *caller)
{
    if (!inject_refuses(INJECT_MEMORY, caller)) return false;
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
    if (inject_remembers()) memset(data, 0xdf, malloc_usable_size(data));
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
