/* SPDX-License-Identifier: MIT */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

/** How an exchange ended. Layers above give it the code of whom they talk to. */
typedef enum net_result {
    NET_OK = 0,
    NET_UNREACHABLE, /**< no connection could be made, be it in time: nothing was sent */
    NET_TIMEOUT,
    NET_CUT,       /**< the connection broke before the answer was whole */
    NET_TOO_LARGE, /**< the answer is larger than the ceiling */
    NET_CANCELLED,
    NET_NO_MEMORY
} net_result;

/** Where to connect to, and within which bounds. Strings are copied. */
typedef struct net_client_config {
    const char *url;       /**< http:// or https://, with an optional path prefix */
    const char *unix_path; /**< connect to this socket instead of the URL's host; or NULL */
    uint32_t connect_ms, total_ms;
    size_t max_body; /**< ceiling for an answer's body, in bytes */
    int cancel_fd;   /**< an exchange ends when this is readable; -1 = never */
    bool secret;     /**< wipe answers */
} net_client_config;

/** An answer. `body` is made by net_client_post() and freed by the caller. */
typedef struct net_reply {
    long status;
    uint64_t retry_after_ms; /**< what the server asks to be waited; 0 = nothing. See net/retry_after.h */
    base_buf body;
} net_reply;

/**
 * An HTTP client for one server; keeps its connection. No redirects, no proxies, no cookies, no
 * signals. One thread at a time.
 */
typedef struct net_client net_client;

/** NULL when memory is exhausted. Makes no connection. */
net_client *net_client_new(const net_client_config *config);

/** Another time limit for whole exchanges, from the next one on; at least 1. */
void net_client_set_limit(net_client *client, uint32_t total_ms);

/** POSTs JSON to the URL followed by `path`. `reason` gets libcurl's words on failure, or the system's. */
net_result net_client_post(net_client *client, const char *path, const void *body, size_t len,
                           net_reply *reply, char *reason, size_t reason_size);

void net_client_free(net_client *client);

#endif
