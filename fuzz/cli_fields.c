/* SPDX-License-Identifier: MIT */

/* Host and port of a peer's URL: what is taken is plain, and lies in the URL; it stands in host_port as such.
 */

#include "cli/peers/address.h"
#include "cli/peers/filter.h"
#include "fuzz.h"

#include <string.h>

static void check_host(const char *url, const peers_address *address)
{
    FUZZ_REQUIRE(memchr(address->host, '\0', sizeof address->host));
    FUZZ_REQUIRE(strstr(url, address->host));
    FUZZ_REQUIRE(
        strspn(address->host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:") ==
        strlen(address->host));
}

static void check_port(const peers_address *address)
{
    FUZZ_REQUIRE(memchr(address->port, '\0', sizeof address->port));
    if (!*address->port) return;
    char *end;
    unsigned long value = strtoul(address->port, &end, 10);
    FUZZ_REQUIRE(*address->host && !*end && *address->port != '0' && value > 0 && value < 65536);
}

/* Once more from what was taken: the same. */
static void check_again(const peers_address *address)
{
    char url[PEERS_HOST_TEXT + PEERS_PORT_TEXT + 8];
    peers_address again;
    if (!*address->host || !*address->port) return;
    snprintf(url, sizeof url, strchr(address->host, ':') ? "[%s]:%s" : "%s:%s", address->host, address->port);
    peers_address_read(url, &again);
    FUZZ_REQUIRE(!strcmp(again.host, address->host) && !strcmp(again.port, address->port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    peers_address address;
    char *url = fuzz_text(&input);
    memset(&address, 'x', sizeof address);
    peers_address_read(url, &address);
    check_host(url, &address);
    check_port(&address);
    check_again(&address);
    free(url);
    return 0;
}
