/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <unistd.h>

bool base_file_write(int fd, const void *data, size_t len)
{
    for (const char *at = data; len > 0;) {
        ssize_t put = write(fd, at, len);
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) at += put, len -= (size_t)put;
    }
    return fsync(fd) == 0;
}
