/* SPDX-License-Identifier: MIT */
#ifndef HELLO_URL_H
#define HELLO_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** "http://localhost:PORT", or with both others "https://ID-PORT.DOMAIN". False: it does not fit. */
bool url_from_port(char *out, size_t size, uint16_t port, const char *instance_id, const char *domain);

/** The URL to greet a peer at: its connection URL with /hello?from=ID. Owned by the caller; NULL when it
 *  is no http or https URL that a path can be added to, or one with a user in it. */
char *url_hello(const char *connection_url, const char *instance_id);

/** The URL to ask a peer at whom it greeted: with /peers. Likewise. */
char *url_peers(const char *connection_url);

/** Whether a URL's host is a public address, or a name that may have one; an unreadable URL counts as such.
 */
bool url_is_public(const char *url);

#endif
