/* SPDX-License-Identifier: MIT */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>

enum { NET_URL_MAX = 2048, NET_URL_TEXT = 320 };

/** Whether it is an http:// or https:// URL with a host, of at most NET_URL_MAX bytes 0x21 to 0x7e. */
bool net_url_is_http(const char *url);

/** The same for ws:// and wss://. */
bool net_url_is_ws(const char *url);

/**
 * What may be shown of a URL: scheme, host and port; credentials are dropped, and a path, query or
 * fragment, where providers put API keys, becomes "/...". Something that is no URL becomes "(malformed)".
 */
void net_url_redact(const char *url, char text[static NET_URL_TEXT]);

#endif
