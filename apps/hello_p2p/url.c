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

static bool add_hello(CURLU *url, const char *instance_id)
{
    char *path = NULL, *longer = NULL, query[64];
    bool ok = !curl_url_get(url, CURLUPART_PATH, &path, 0);
    size_t len = ok ? strlen(path) : 0;
    while (len && path[len - 1] == '/')
        len--;
    ok = ok && asprintf(&longer, "%.*s/hello", (int)len, path) > 0;
    snprintf(query, sizeof query, "from=%s", instance_id);
    ok = ok && !curl_url_set(url, CURLUPART_PATH, longer, 0) && !curl_url_set(url, CURLUPART_QUERY, query, 0);
    curl_free(path);
    if (ok) free(longer);
    return ok;
}

char *url_hello(const char *connection_url, const char *instance_id)
{
    CURLU *url = curl_url();
    char *text = NULL, *copy = NULL;
    if (url && !curl_url_set(url, CURLUPART_URL, connection_url, 0) && is_http(url) &&
        add_hello(url, instance_id) && !curl_url_get(url, CURLUPART_URL, &text, 0))
        copy = strdup(text);
    curl_free(text);
    curl_url_cleanup(url);
    return copy;
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
