/* SPDX-License-Identifier: MIT */
#ifndef NET_UPGRADE_H
#define NET_UPGRADE_H

#include "base/buf.h"

/*
 * The opening handshake of a WebSocket (RFC 6455, section 4), free of I/O.
 */

enum { NET_UPGRADE_KEY_TEXT = 25, NET_UPGRADE_HEAD_MAX = 16 * 1024 };

/** Sec-WebSocket-Key of 16 random bytes. */
void net_upgrade_key(const uint8_t random16[static 16], char key[static NET_UPGRADE_KEY_TEXT]);

/**
 * Appends the request for a ws://, wss://, http:// or https:// URL. A user name and password in it become
 * basic authentication. False when the URL is none, or memory is exhausted.
 */
bool net_upgrade_request(const char *url, const char *key, base_buf *out);

/**
 * Looks at what the server has answered so far: the length of the answer's head once that is whole, 0 while
 * it is not, and -1, with the reason, when it does not open a WebSocket for `key`.
 */
int net_upgrade_check(const char *answer, size_t len, const char *key, char *reason, size_t reason_size);

#endif
