/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* What the IANA registry of special IPv4 addresses takes from the public internet, and multicast. */
static const struct {
    uint8_t first4[4], bits;
} special4[] = {
    {{0, 0, 0, 0}, 8},       /* this network */
    {{10, 0, 0, 0}, 8},      /* private */
    {{100, 64, 0, 0}, 10},   /* shared by a carrier's customers */
    {{127, 0, 0, 0}, 8},     /* loopback */
    {{169, 254, 0, 0}, 16},  /* link-local, and where clouds tell secrets to whoever asks */
    {{172, 16, 0, 0}, 12},   /* private */
    {{192, 0, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2, 0}, 24},    /* documentation */
    {{192, 88, 99, 0}, 24},  /* 6to4 relays */
    {{192, 168, 0, 0}, 16},  /* private */
    {{198, 18, 0, 0}, 15},   /* benchmarking */
    {{198, 51, 100, 0}, 24}, /* documentation */
    {{203, 0, 113, 0}, 24},  /* documentation */
    {{224, 0, 0, 0}, 4},     /* multicast */
    {{240, 0, 0, 0}, 4},     /* reserved, and broadcast */
};

/* Only 2000::/3 is public in IPv6, but for these. */
static const struct {
    uint8_t first4[4], bits;
} special6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* protocol assignments: Teredo, benchmarking, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4: stands for an IPv4 address */
    {{0x3f, 0xfe, 0x00, 0x00}, 16}, /* 6bone, given back */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
};

static const uint8_t mapped12[12] = {[10] = 0xff, [11] = 0xff};     /* ::ffff:0:0/96 */
static const uint8_t nat64_12[12] = {[0] = 0x00, 0x64, 0xff, 0x9b}; /* 64:ff9b::/96 */

static bool starts_with(const uint8_t address4[static 4], const uint8_t first4[static 4], unsigned bits)
{
    uint32_t left, right;
    memcpy(&left, address4, 4);
    memcpy(&right, first4, 4);
    return (ntohl(left) ^ ntohl(right)) >> (32 - bits) == 0;
}

static bool is_public4(const uint8_t address4[static 4])
{
    for (size_t i = 0; i < sizeof special4 / sizeof *special4; i++)
        if (starts_with(address4, special4[i].first4, special4[i].bits)) return false;
    return true;
}

static bool is_public6(const uint8_t address16[static 16])
{
    if (!memcmp(address16, mapped12, 12) || !memcmp(address16, nat64_12, 12))
        return is_public4(address16 + 12);
    if (address16[0] >> 5 != 1) return false;
    for (size_t i = 0; i < sizeof special6 / sizeof *special6; i++)
        if (starts_with(address16, special6[i].first4, special6[i].bits)) return false;
    return true;
}

bool address_is_public(const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (len >= sizeof v4 && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return is_public4((const uint8_t *)&v4.sin_addr);
    }
    if (len >= sizeof v6 && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return is_public6(v6.sin6_addr.s6_addr);
    }
    return false;
}

static bool is_localhost(const char *host)
{
    static const char name[] = "localhost";
    size_t len = strlen(host);
    if (len && host[len - 1] == '.') len--;
    if (len < sizeof name - 1 || strncasecmp(host + len - (sizeof name - 1), name, sizeof name - 1) != 0)
        return false;
    return len == sizeof name - 1 || host[len - sizeof name] == '.';
}

bool address_host_is_public(const char *host)
{
    char text[INET6_ADDRSTRLEN + 16];
    uint8_t bytes[16];
    size_t len = strlen(host);
    if (is_localhost(host)) return false;
    if (inet_pton(AF_INET, host, bytes) == 1) return is_public4(bytes);
    if (len < 2 || host[0] != '[' || len - 2 >= sizeof text) return true;
    memcpy(text, host + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1 && is_public6(bytes);
}
