/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_SOCKET_FILE_H
#define CLI_NODE_SOCKET_FILE_H

#include <stddef.h>

/**
 * Listens on a unix socket whose file has mode 0660. A socket's file where nobody listens any longer is
 * replaced; anything else that is there stays. The descriptor, non-blocking, or -1 with what is wrong in
 * `why`.
 */
int node_socket_file_open(const char *path, char *why, size_t size);

#endif
