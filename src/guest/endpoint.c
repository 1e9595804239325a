/* SPDX-License-Identifier: MIT */
#include "guest/endpoint.h"

#include "net/url.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static const char *usual_place(void)
{
    static const char *const places[] = {"/var/run/dstack.sock", "/run/dstack.sock",
                                         "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock",
                                         "./simulator/dstack.sock"};
    enum { COUNT = sizeof places / sizeof *places };
    for (int i = 0; i < COUNT; i++)
        if (access(places[i], F_OK) == 0) return places[i];
    return places[COUNT - 1];
}

static int parse_unix(const char *path, guest_endpoint *endpoint, base_error *error)
{
    if (strncmp(path, "unix:", 5) == 0) path += strncmp(path, "unix://", 7) == 0 ? 7 : 5;
    if (!*path) return base_fail(error, DSTACK_P2P_ERR_CONFIG, "the guest agent's socket path is empty");
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                         "the guest agent's socket path has %zu bytes; a unix socket's may have %zu",
                         strlen(path), sizeof((struct sockaddr_un *)0)->sun_path - 1);
    snprintf(endpoint->unix_path, sizeof endpoint->unix_path, "%s", path);
    snprintf(endpoint->shown, sizeof endpoint->shown, "%s", path);
    snprintf(endpoint->url, sizeof endpoint->url, "http://dstack");
    return 0;
}

bool guest_endpoint_exists(const char *text)
{
    guest_endpoint endpoint;
    if (guest_endpoint_parse(text, &endpoint, NULL)) return false;
    return !endpoint.unix_path[0] || access(endpoint.unix_path, F_OK) == 0;
}

int guest_endpoint_parse(const char *text, guest_endpoint *endpoint, base_error *error)
{
    memset(endpoint, 0, sizeof *endpoint);
    if (!text || !*text) text = usual_place();
    if (!strstr(text, "://") || strncmp(text, "unix:", 5) == 0) return parse_unix(text, endpoint, error);
    if (!net_url_is_http(text) || strlen(text) > GUEST_ENDPOINT_MAX || strpbrk(text, "?#"))
        return base_fail(
            error, DSTACK_P2P_ERR_CONFIG,
            "the guest agent's endpoint is neither a socket's path nor http(s)://host[:port][/prefix]");
    snprintf(endpoint->url, sizeof endpoint->url, "%s", text);
    for (size_t len = strlen(endpoint->url); len && endpoint->url[len - 1] == '/'; len--)
        endpoint->url[len - 1] = '\0';
    char shown[NET_URL_TEXT];
    net_url_redact(endpoint->url, shown);
    snprintf(endpoint->shown, sizeof endpoint->shown, "%s", shown);
    return 0;
}
