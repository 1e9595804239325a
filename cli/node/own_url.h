/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_OWN_URL_H
#define CLI_NODE_OWN_URL_H

#include "cli/run.h"

/*
 * The URL that this node publishes: as given, or where dstack's gateway forwards one of its ports.
 */

enum { NODE_URL_TEXT = 257 };

/** Rows for the table of a command that takes a URL. */
#define NODE_URL_OPTIONS                                                                                     \
    {"port", 'p', "PORT", NULL,                                                                              \
     "publish the gateway's URL for this port of the node, https://<instance id>-PORTs.<domain>; wins over " \
     "CONNECTION_URL"},                                                                                      \
        {"tls", 0, "passthrough|gateway|grpc", NULL,                                                         \
         "with --port, who ends TLS: the node itself (PORTs), the gateway (PORT), the gateway for HTTP/2 "   \
         "(PORTg) (passthrough)"},                                                                           \
    {                                                                                                        \
        "gateway-domain", 0, "DOMAIN", "DSTACK_GATEWAY_DOMAIN",                                              \
            "with --port: the gateway's base domain, as the platform injects it"                             \
    }

/** What the command line asks for. */
typedef struct node_url {
    const char *given; /**< as it stands; NULL = to be made of the others */
    uint64_t port;     /**< 0 = there is no URL at all */
    const char *suffix, *domain;
} node_url;

/**
 * Reads it: the first argument, else --port, else CONNECTION_URL. 0, or CLI_USAGE having said what is wrong.
 * None at all is no failure.
 */
int node_url_read(const cli_run *run, node_url *url);

/** Writes the URL of the instance. 0, or the status having said what is wrong with it. */
int node_url_write(const cli_run *run, const node_url *url, const char *instance_id,
                   char text[static NODE_URL_TEXT]);

/** Says that there is none. CONNECTION_URL. */
int node_url_missing(const cli_run *run);

#endif
