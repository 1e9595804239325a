/* SPDX-License-Identifier: MIT */

/* Where the guest agent listens: a socket's path that fits, or a URL; what is shown of it gives nothing away.
 */

#include "guest/endpoint.h"
#include "fuzz.h"
#include "net/url.h"

#include <string.h>
#include <sys/un.h>

static void check_unix(const guest_endpoint *endpoint)
{
    FUZZ_REQUIRE(strlen(endpoint->unix_path) < sizeof((struct sockaddr_un *)0)->sun_path);
    FUZZ_REQUIRE(strcmp(endpoint->unix_path, endpoint->shown) == 0);
    FUZZ_REQUIRE(net_url_is_http(endpoint->url));
}

static void check_tcp(const guest_endpoint *endpoint)
{
    char shown[NET_URL_TEXT];
    FUZZ_REQUIRE(net_url_is_http(endpoint->url) && !strpbrk(endpoint->url, "?#"));
    FUZZ_REQUIRE(endpoint->url[strlen(endpoint->url) - 1] != '/');
    FUZZ_REQUIRE(!strchr(endpoint->shown, '@') && fuzz_is_printable(endpoint->shown));
    net_url_redact(endpoint->url, shown);
    FUZZ_REQUIRE(strcmp(shown, endpoint->shown) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    guest_endpoint endpoint;
    base_error error = {0};
    char *text = fuzz_text(&input);
    int code = guest_endpoint_parse(text, &endpoint, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    FUZZ_REQUIRE(code == 0 || code == DSTACK_P2P_ERR_CONFIG);
    if (!code && endpoint.unix_path[0])
        check_unix(&endpoint);
    else if (!code)
        check_tcp(&endpoint);
    free(text);
    return 0;
}
