/* SPDX-License-Identifier: MIT */
#include "cli/node/crowd.h"

#include <sys/socket.h>

/* A free place, or the oldest one's. */
static struct node_guest *find_place(node_crowd *self)
{
    struct node_guest *best = self->guests;
    for (struct node_guest *guest = self->guests; guest < self->guests + NODE_CROWD_MAX; guest++)
        if (guest->number < best->number) best = guest;
    return best;
}

static struct node_guest *enter(node_crowd *self, int fd)
{
    struct node_guest *guest = find_place(self);
    /* Shutting a socket down makes libmicrohttpd notice its end and close it; closing it is not ours. */
    if (guest->number) shutdown(guest->fd, SHUT_RDWR);
    *guest = (struct node_guest){.fd = fd, .number = ++self->last};
    return guest;
}

void node_crowd_notify(void *context, struct MHD_Connection *connection, void **place,
                       enum MHD_ConnectionNotificationCode code)
{
    node_crowd *self = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info) return;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *place = enter(self, info->connect_fd);
    } else if (*place) {
        struct node_guest *guest = *place;
        /* It may be somebody else's by now. */
        if (guest->fd == info->connect_fd) *guest = (struct node_guest){0};
    }
}
