/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_NOTIFY_H
#define CLI_NODE_NOTIFY_H

/**
 * Tells the service manager, where NOTIFY_SOCKET names one: "READY=1", "STOPPING=1", lines of sd_notify(3).
 * Without one, or where it does not listen, nothing happens.
 */
void node_notify(const char *state);

#endif
