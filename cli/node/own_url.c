/* SPDX-License-Identifier: MIT */
#include "cli/node/own_url.h"

#include "registry/connection_url.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

/* What dstack's gateway appends to the port for each way; NULL = there is no such way. */
static const char *suffix_of(const char *tls)
{
    static const struct {
        const char *name, *suffix;
    } ways[] = {{"passthrough", "s"}, {"gateway", ""}, {"grpc", "g"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strcmp(tls, ways[i].name)) return ways[i].suffix;
    return NULL;
}

static int read_port(const cli_run *run, node_url *url)
{
    const char *tls = cli_value(run, "tls");
    if (run->argument_count)
        return cli_misuse(run, "a URL and --port are two different ones: give one of them");
    if (cli_number(run, "port", 1, PORT_MAX, &url->port)) return CLI_USAGE;
    url->suffix = suffix_of(tls ? tls : "passthrough");
    if (!url->suffix) return cli_misuse(run, "--tls takes passthrough, gateway or grpc");
    url->domain = cli_value(run, "gateway-domain");
    if (url->domain) return 0;
    return cli_misuse(run, "--port needs the gateway's domain: --gateway-domain or DSTACK_GATEWAY_DOMAIN");
}

int node_url_read(const cli_run *run, node_url *url)
{
    const char *inherited = getenv("CONNECTION_URL");
    *url = (node_url){0};
    if (cli_has(run, "port")) return read_port(run, url);
    if (cli_has(run, "tls")) return cli_misuse(run, "--tls is for --port");
    if (run->argument_count)
        url->given = run->arguments[0];
    else if (inherited && *inherited)
        url->given = inherited;
    return 0;
}

static int refuse_domain(const cli_run *run, const node_url *url, const char *wrong)
{
    return cli_misuse(run, "the gateway's domain %.60s%s makes no URL: %s", url->domain,
                      strlen(url->domain) > 60 ? "..." : "", wrong);
}

int node_url_write(const cli_run *run, const node_url *url, const char *instance_id,
                   char text[static NODE_URL_TEXT])
{
    const char *base;
    size_t base_len;
    if (url->given) {
        if (!registry_url_is_printable(url->given))
            return cli_fail(run, DSTACK_P2P_ERR_CONNECTION_URL,
                            "the connection URL takes 1 to 256 bytes of visible ASCII");
        snprintf(text, NODE_URL_TEXT, "%s", url->given);
        return 0;
    }
    if (!url->port) return node_url_missing(run);
    int len = snprintf(text, NODE_URL_TEXT, "https://%s-%" PRIu64 "%s.%s", instance_id, url->port,
                       url->suffix, url->domain);
    if (len >= NODE_URL_TEXT) return refuse_domain(run, url, "it would be too long");
    const char *wrong = registry_url_check_production(text, &base, &base_len);
    return wrong ? refuse_domain(run, url, wrong) : 0;
}

int node_url_missing(const cli_run *run)
{
    return cli_fail(run, DSTACK_P2P_ERR_CONNECTION_URL,
                    "no connection URL: give one, or --port, or set CONNECTION_URL");
}
