/* SPDX-License-Identifier: MIT */

/* Redaction: of a URL that may hold credentials and API keys, only scheme, host and port are shown. */

#include "net/url.h"
#include "fuzz.h"

#include <curl/urlapi.h>
#include <string.h>
#include <strings.h>

static void check_shape(const char *shown)
{
    const char *host = strstr(shown, "://");
    if (strcmp(shown, "(malformed)") == 0) return;
    FUZZ_REQUIRE(host && strlen(shown) < NET_URL_TEXT);
    host += 3;
    size_t authority = strcspn(host, "/?#@");
    FUZZ_REQUIRE(host[authority] == '\0' || strcmp(host + authority, "/...") == 0);
}

/* Host and port as curl, which will connect there, reads them. */
static void check_host(const char *url, const char *shown)
{
    CURLU *parsed = curl_url();
    char *port = NULL, host[NET_URL_MAX + 1] = "";
    FUZZ_REQUIRE(parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0));
    curl_url_get(parsed, CURLUPART_PORT, &port, 0);
    const char *at = strstr(shown, "://") + 3;
    size_t len = strcspn(at, "/");
    if (port && len > strlen(port) && at[len - strlen(port) - 1] == ':') len -= strlen(port) + 1;
    snprintf(host, sizeof host, "http://%.*s", (int)len, at);
    CURLU *again = curl_url();
    FUZZ_REQUIRE(again);
    if (len < 255 && !curl_url_set(again, CURLUPART_URL, host, 0)) {
        char *one = NULL, *other = NULL;
        curl_url_get(parsed, CURLUPART_HOST, &one, 0);
        curl_url_get(again, CURLUPART_HOST, &other, 0);
        FUZZ_REQUIRE(one && other && strcmp(one, other) == 0);
        curl_free(one);
        curl_free(other);
    }
    curl_free(port);
    curl_url_cleanup(parsed);
    curl_url_cleanup(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    char shown[NET_URL_TEXT], *url = fuzz_text(&input);
    memset(shown, 'x', sizeof shown);
    net_url_redact(url, shown);
    FUZZ_REQUIRE(memchr(shown, '\0', sizeof shown));
    check_shape(shown);
    if (net_url_is_http(url)) {
        FUZZ_REQUIRE(strlen(url) <= NET_URL_MAX && fuzz_is_printable(shown));
        FUZZ_REQUIRE(strcmp(shown, "(malformed)") != 0);
        check_host(url, shown);
    }
    free(url);
    return 0;
}
