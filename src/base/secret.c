/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void base_wipe(void *data, size_t len)
{
    if (len) explicit_bzero(data, len);
}

void base_wipe_free(char *text)
{
    if (text) base_wipe(text, strlen(text));
    free(text);
}

void *base_secret_new(size_t len, bool *locked)
{
    void *block = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (locked) *locked = false;
    if (block == MAP_FAILED) return NULL;
    /* Each fails where the kernel is too old or a limit is reached; the secret is needed all the same. */
    (void)madvise(block, len, MADV_DONTDUMP);
    (void)madvise(block, len, MADV_WIPEONFORK);
    bool done = mlock(block, len) == 0;
    if (locked) *locked = done;
    return block;
}

void base_secret_free(void *block, size_t len)
{
    if (!block) return;
    base_wipe(block, len);
    munmap(block, len);
}
