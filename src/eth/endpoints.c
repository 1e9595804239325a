/* SPDX-License-Identifier: MIT */
#include "eth/endpoints.h"

#include <string.h>

/* Copies the next item of a list into url; the list's rest, or NULL at its end. */
static const char *next_url(const char *list, char url[static ETH_ENDPOINT_URL])
{
    size_t len = strcspn(list, ","), skip = strspn(list, " ");
    size_t kept = len > skip ? len - skip : 0;
    while (kept && list[skip + kept - 1] == ' ')
        kept--;
    if (kept > NET_URL_MAX + 1) kept = NET_URL_MAX + 1; /* too long, and found to be so */
    memcpy(url, list + (len > skip ? skip : 0), kept);
    url[kept] = '\0';
    return list[len] ? list + len + 1 : NULL;
}

int eth_endpoints_check(const char *list, base_error *error)
{
    char url[ETH_ENDPOINT_URL];
    size_t count = 0;
    do {
        list = next_url(list, url);
        if (!net_url_is_http(url) && !net_url_is_ws(url))
            return base_fail(error, DSTACK_P2P_ERR_CONFIG,
                             "RPC URL number %zu is not an http(s):// or ws(s):// URL of at most %d visible "
                             "bytes",
                             count + 1, NET_URL_MAX);
        if (++count > ETH_ENDPOINTS_MAX)
            return base_fail(error, DSTACK_P2P_ERR_CONFIG, "more than %d RPC URLs", ETH_ENDPOINTS_MAX);
    } while (list);
    return 0;
}

/* The URL number `index` of those for which `fits` holds. */
static bool find(const char *list, bool (*fits)(const char *url), size_t index,
                 char url[static ETH_ENDPOINT_URL])
{
    while (list) {
        list = next_url(list, url);
        if (fits(url) && index-- == 0) return true;
    }
    return false;
}

bool eth_endpoints_for_subscriptions(const char *list, size_t index, char url[static ETH_ENDPOINT_URL])
{
    return find(list, net_url_is_ws, index, url);
}

/* ws becomes http, and wss https. */
static void make_http(char url[static ETH_ENDPOINT_URL])
{
    memmove(url + strlen("http"), url + strlen("ws"), strlen(url + strlen("ws")) + 1);
    memcpy(url, "http", strlen("http"));
}

bool eth_endpoints_for_calls(const char *list, size_t index, char url[static ETH_ENDPOINT_URL])
{
    if (find(list, net_url_is_http, 0, url)) return find(list, net_url_is_http, index, url);
    if (!find(list, net_url_is_ws, index, url)) return false;
    make_http(url);
    return true;
}
