/* SPDX-License-Identifier: MIT */
#ifndef HELLO_GUARD_H
#define HELLO_GUARD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Keeps slow clients from starving the others. libmicrohttpd's own time-out restarts with every byte, and at
 * its own limit it stops accepting; so we count connections ourselves, and while the house is half full,
 * those that had their time are shut down. Who takes that long to read an answer is shut down in any case:
 * answers are held in memory until they are read. All of it runs in libmicrohttpd's thread.
 */
typedef struct hello_guard hello_guard;

/** For at most `limit` connections, at least 2; NULL when out of memory. */
hello_guard *guard_new(size_t limit);

/** After the server has stopped. NULL is allowed. */
void guard_free(hello_guard *self);

/** MHD_AcceptPolicyCallback; the context is the guard. */
enum MHD_Result guard_accept(void *context, const struct sockaddr *address, socklen_t len);

/** MHD_NotifyConnectionCallback; the context is the guard. */
void guard_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                  enum MHD_ConnectionNotificationCode code);

/** A request of the connection is about to be answered. */
void guard_answering(hello_guard *self, struct MHD_Connection *connection);

/** The connection carries a stream, which never makes room for others. `waits`: bytes of it wait for being
 * read, which counts as reading an answer; else all that there is was read. */
void guard_stream(hello_guard *self, struct MHD_Connection *connection, bool waits);

/** MHD_RequestCompletedCallback. */
void guard_completed(void *context, struct MHD_Connection *connection, void **request,
                     enum MHD_RequestTerminationCode code);

#endif
