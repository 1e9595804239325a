/* SPDX-License-Identifier: MIT */
#include "registry/connection_url.h"

#include "base/hex.h"
#include "registry/statement.h"

#include <string.h>

enum { SCHEME = 8, LABEL_MAX = 63, HOST_MAX = 253 };

bool registry_url_is_printable(const char *url)
{
    size_t len = 0;
    for (; url[len] && len <= REGISTRY_URL_MAX; len++)
        if (url[len] < 0x21 || url[len] > 0x7e) return false;
    return len >= 1 && len <= REGISTRY_URL_MAX;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_label_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}

static bool is_label(const char *text, size_t len)
{
    if (len < 1 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-') return false;
    if (len >= 4 && memcmp(text, "xn--", 4) == 0) return false;
    for (size_t i = 0; i < len; i++)
        if (!is_label_byte(text[i])) return false;
    return true;
}

static size_t label_end(const char *text, size_t len)
{
    const char *dot = memchr(text, '.', len);
    return dot ? (size_t)(dot - text) : len;
}

/* Two labels at least, the last one starting with a letter. */
static bool is_base_domain(const char *text, size_t len)
{
    size_t labels = 0, start = 0;
    for (size_t at = 0; at <= len; at += label_end(text + at, len - at) + 1, labels++) {
        start = at;
        if (!is_label(text + at, label_end(text + at, len - at))) return false;
    }
    return labels >= 2 && !is_digit(text[start]);
}

bool registry_is_base_domain(const char *domain)
{
    size_t len = strlen(domain);
    return len <= HOST_MAX && is_base_domain(domain, len);
}

/* A decimal number 1 to 65535 without leading zero; its length, or 0. */
static size_t port_length(const char *text)
{
    unsigned long port = 0;
    size_t len = 0;
    if (text[0] == '0') return 0;
    for (; is_digit(text[len]) && len < 6; len++)
        port = port * 10 + (unsigned long)(text[len] - '0');
    return port >= 1 && port <= 65535 ? len : 0;
}

static bool is_after_host(const char *rest)
{
    if (*rest == ':') {
        size_t len = port_length(rest + 1);
        if (!len) return false;
        rest += 1 + len;
    }
    return strcmp(rest, "") == 0 || strcmp(rest, "/") == 0;
}

const char *registry_url_check_production(const char *url, const char **base, size_t *base_len)
{
    if (!registry_url_is_printable(url)) return "it must be 1 to 256 visible ASCII bytes";
    if (strncmp(url, "https://", SCHEME) != 0) return "it must begin with https://";
    const char *host = url + SCHEME;
    size_t len = strcspn(host, ":/"), label = label_end(host, len);
    if (len > HOST_MAX) return "its host is longer than 253 bytes";
    if (label == len) return "its host must be <label>.<base domain>";
    if (!is_label(host, label))
        return "its host's first label must be 1 to 63 of a-z, 0-9 and inner hyphens, not xn--";
    if (!is_base_domain(host + label + 1, len - label - 1)) return "its base domain is malformed";
    if (!is_after_host(host + len)) return "after the host only :port and / may follow";
    *base = host + label + 1;
    *base_len = len - label - 1;
    return NULL;
}

bool registry_url_is_bound(const char *url, const uint8_t instance20[static 20])
{
    char id[41];
    if (strncmp(url, "https://", SCHEME) != 0) return false;
    const char *label = url + SCHEME;
    base_hex_encode(instance20, 20, id);
    if (strncmp(label, id, 40) != 0) return false;
    label += 40;
    if (*label == '.') return true;
    if (*label++ != '-') return false;
    size_t port = port_length(label);
    label += port;
    if (*label == 's' || *label == 'g')
        label++;
    else if (!port)
        return false;
    return *label == '.';
}

bool registry_url_is_gateway(const char *url, const uint8_t instance20[static 20])
{
    return registry_url_is_bound(url, instance20) && !strpbrk(url + SCHEME, ":/");
}
