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
static bool has_scheme(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);
    if (strncasecmp(url, scheme, len) != 0) return false;
    len += url[len] == 's' || url[len] == 'S';
    return strncmp(url + len, "://", 3) == 0 && url[len + 3] != '/';
}

/* For curl, whether it speaks the protocol is another question than what the URL means. */
static bool is_url(const char *url, const char *scheme)
{
    if (strlen(url) > NET_URL_MAX || !has_only_visible_bytes(url) || !has_scheme(url, scheme)) return false;
    CURLU *parsed = curl_url();
    bool ok = parsed && !curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    curl_url_cleanup(parsed);
    return ok;
}

bool net_url_is_http(const char *url)
{
    return is_url(url, "http");
}

bool net_url_is_ws(const char *url)
{
    return is_url(url, "ws");
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
    if (!has_scheme(url, "http") && !has_scheme(url, "ws")) {
        snprintf(text, NET_URL_TEXT, "(malformed)");
        return;
    }
    find_host(url, &host, &len);
    bool more = host[len] && strcmp(host + len, "/") != 0;
    snprintf(text, NET_URL_TEXT, "%.*s%.*s%s", (int)(strstr(url, "://") + 3 - url), url,
             (int)(len > 255 ? 255 : len), host, more ? "/..." : "");
}
