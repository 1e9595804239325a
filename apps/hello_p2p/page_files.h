/* SPDX-License-Identifier: MIT */
#ifndef HELLO_PAGE_FILES_H
#define HELLO_PAGE_FILES_H

#include <stddef.h>

/** A file of the page, as the build found it in page/. */
typedef struct page_file {
    const char *path; /**< that it is served under */
    const char *type; /**< Content-Type */
    const char *tag;  /**< ETag, in its quotes */
    const unsigned char *bytes;
    size_t len;
} page_file;

enum { PAGE_FILES = 6 };

extern const page_file page_files[PAGE_FILES];

#endif
