/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_CROWD_H
#define CLI_NODE_CROWD_H

#include <microhttpd.h>
#include <stdint.h>

enum { NODE_CROWD_MAX = 32 };

/**
 * The server's connections. libmicrohttpd stops accepting at its limit, and its time-out restarts with every
 * byte: some slow clients would shut out all others. So when there are NODE_CROWD_MAX, the oldest has to go
 * for a new one. All zero at first; used in libmicrohttpd's thread only.
 */
typedef struct node_crowd {
    struct node_guest {
        int fd;
        uint64_t number; /**< in the order of their coming; 0 = nobody */
    } guests[NODE_CROWD_MAX];
    uint64_t last;
} node_crowd;

/** MHD_NotifyConnectionCallback; the context is the crowd. */
void node_crowd_notify(void *context, struct MHD_Connection *connection, void **place,
                       enum MHD_ConnectionNotificationCode code);

#endif
