/* SPDX-License-Identifier: MIT */
#include "url.h"
#include "address.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool url_from_port(char *out, size_t size, uint16_t port, const char *instance_id, const char *domain)
{
    int len = instance_id && domain
                  ? snprintf(out, size, "https://%s-%u.%s", instance_id, (unsigned)port, domain)
                  : snprintf(out, size, "http://localhost:%u", (unsigned)port);
    return len > 0 && (size_t)len < size;
}

static bool is_http(CURLU *url)
{
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    char *part = NULL;
    bool ok =
        !curl_url_get(url, CURLUPART_SCHEME, &part, 0) && (!strcmp(part, "http") || !strcmp(part, "https"));
    curl_free(part);
    for (size_t i = 0; ok && i < sizeof unwanted / sizeof *unwanted; i++) {
        ok = curl_url_get(url, unwanted[i], &part, 0);
        if (!ok) curl_free(part);
    }
    return ok;
}

static bool add_path(CURLU *url, const char *name)
{
    char *path = NULL, *longer = NULL;
    bool ok = !curl_url_get(url, CURLUPART_PATH, &path, 0);
    size_t len = ok ? strlen(path) : 0;
    while (len && path[len - 1] == '/')
        len--;
    if (ok && asprintf(&longer, "%.*s/%s", (int)len, path, name) < 0) longer = NULL;
    ok = longer && !curl_url_set(url, CURLUPART_PATH, longer, 0);
    curl_free(path);
    free(longer);
    return ok;
}

/* `query` may be NULL. */
static char *below(const char *connection_url, const char *name, const char *query)
{
    CURLU *url = curl_url();
    char *text = NULL, *copy = NULL;
    if (url && !curl_url_set(url, CURLUPART_URL, connection_url, 0) && is_http(url) && add_path(url, name) &&
        !curl_url_set(url, CURLUPART_QUERY, query, 0) && !curl_url_get(url, CURLUPART_URL, &text, 0))
        copy = strdup(text);
    curl_free(text);
    curl_url_cleanup(url);
    return copy;
}

char *url_hello(const char *connection_url, const char *instance_id)
{
    char query[64];
    snprintf(query, sizeof query, "from=%s", instance_id);
    return below(connection_url, "hello", query);
}

char *url_peers(const char *connection_url)
{
    return below(connection_url, "peers", NULL);
}

bool url_is_public(const char *text)
{
    CURLU *url = curl_url();
    char *host = NULL;
    bool is_public = !url || curl_url_set(url, CURLUPART_URL, text, 0) ||
                     curl_url_get(url, CURLUPART_HOST, &host, 0) || address_host_is_public(host);
    curl_free(host);
    curl_url_cleanup(url);
    return is_public;
}
