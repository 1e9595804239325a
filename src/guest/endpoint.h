/* SPDX-License-Identifier: MIT */
#ifndef GUEST_ENDPOINT_H
#define GUEST_ENDPOINT_H

#include "base/error.h"

enum { GUEST_ENDPOINT_MAX = 2048 };

/** Where a guest agent listens. */
typedef struct guest_endpoint {
    char url[GUEST_ENDPOINT_MAX + 1];       /**< without a slash at its end */
    char unix_path[GUEST_ENDPOINT_MAX + 1]; /**< "" = TCP */
    char shown[GUEST_ENDPOINT_MAX + 1];     /**< for people */
} guest_endpoint;

/**
 * Reads an endpoint: http(s)://host[:port][/prefix], or a unix socket's path. "" or NULL means the first
 * of dstack's usual places that exists, now; if none does, the last one. CONFIG for a malformed one.
 */
int guest_endpoint_parse(const char *text, guest_endpoint *endpoint, base_error *error);

/** Whether a guest agent may be there: a TCP endpoint always, a unix socket if there is such a file. */
bool guest_endpoint_exists(const char *text);

#endif
