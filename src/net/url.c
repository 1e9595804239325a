/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <curl/urlapi.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_only_visible_bytes(const char *text)
{
    for (; *text; text++)
        if (*text < 0x21 || *text > 0x7e) return false;
    return true;
}

/* Followed by a host: curl would pass over a third slash. */
static bool has_http_scheme(const char *url)
{
    size_t len = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    return len && url[len] != '/';
}

bool net_url_is_http(const char *url)
{
    if (strlen(url) > NET_URL_MAX || !has_only_visible_bytes(url) || !has_http_scheme(url)) return false;
    CURLU *parsed = curl_url();
    bool ok = parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0);
    curl_url_cleanup(parsed);
    return ok;
}

/* The authority's host and port: what lies between the last '@' and the path. */
static void find_host(const char *url, const char **host, size_t *len)
{
    const char *start = strstr(url, "://") + 3;
    size_t authority = strcspn(start, "/?#");
    *host = start;
    for (size_t i = 0; i < authority; i++)
        if (start[i] == '@') *host = start + i + 1;
    *len = (size_t)(start + authority - *host);
}

void net_url_redact(const char *url, char text[static NET_URL_TEXT])
{
    const char *host;
    size_t len;
    if (!has_http_scheme(url)) {
        snprintf(text, NET_URL_TEXT, "(malformed)");
        return;
    }
    find_host(url, &host, &len);
    bool more = host[len] && strcmp(host + len, "/") != 0;
    snprintf(text, NET_URL_TEXT, "%.*s%.*s%s", (int)(strstr(url, "://") + 3 - url), url,
             (int)(len > 255 ? 255 : len), host, more ? "/..." : "");
}
