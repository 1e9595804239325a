/* SPDX-License-Identifier: MIT */
#include "cli/peers/address.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

/* A piece of the URL. */
typedef struct piece {
    const char *text;
    size_t len;
} piece;

/* What clients of these take when no port is given. */
static const char *default_port(piece scheme)
{
    static const char *const ports[][2] = {{"http", "80"},       {"https", "443"},     {"ws", "80"},
                                           {"wss", "443"},       {"postgres", "5432"}, {"postgresql", "5432"},
                                           {"mysql", "3306"},    {"redis", "6379"},    {"rediss", "6379"},
                                           {"mongodb", "27017"}, {"amqp", "5672"},     {"amqps", "5671"},
                                           {"nats", "4222"},     {"kafka", "9092"}};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        if (strlen(ports[i][0]) == scheme.len && !strncasecmp(ports[i][0], scheme.text, scheme.len))
            return ports[i][1];
    return "";
}

/* Takes the scheme off the front; one of no length when there is none. */
static piece take_scheme(const char **url)
{
    piece scheme = {*url, strspn(*url, LETTERS DIGITS "+-.")};
    if (!isalpha((unsigned char)**url) || strncmp(*url + scheme.len, "://", 3)) return (piece){*url, 0};
    *url += scheme.len + 3;
    return scheme;
}

/* Host and port, without who is to log in. */
static piece find_authority(const char *text)
{
    piece authority = {text, strcspn(text, "/?#")};
    for (size_t i = authority.len; i > 0; i--)
        if (text[i - 1] == '@') return (piece){text + i, authority.len - i};
    return authority;
}

/* Takes the host off the front; one of no length when that is none. */
static piece take_host(piece *authority)
{
    bool bracket = authority->len && *authority->text == '[';
    piece host = {authority->text + bracket, 0};
    size_t most = authority->len - bracket;
    host.len = strspn(host.text, bracket ? "abcdefABCDEF" DIGITS ":." : LETTERS DIGITS "-._");
    if (host.len > most) host.len = most;
    size_t taken = bracket + host.len;
    if (bracket && (host.len == most || host.text[host.len] != ']' || !memchr(host.text, ':', host.len)))
        return (piece){host.text, 0};
    taken += bracket;
    *authority = (piece){authority->text + taken, authority->len - taken};
    return host;
}

/* ":port", or nothing, or a colon alone. */
static bool take_port(piece rest, char port[static PEERS_PORT_TEXT])
{
    unsigned long value = 0;
    if (!rest.len) return true;
    if (*rest.text != ':' || rest.len > PEERS_PORT_TEXT) return false;
    if (rest.len == 1) return true;
    for (size_t i = 1; i < rest.len; i++) {
        if (!isdigit((unsigned char)rest.text[i])) return false;
        value = value * 10 + (unsigned long)(rest.text[i] - '0');
    }
    if (rest.text[1] == '0' || value > 65535) return false;
    snprintf(port, PEERS_PORT_TEXT, "%lu", value);
    return true;
}

void peers_address_read(const char *url, peers_address *address)
{
    *address = (peers_address){.host = ""};
    piece scheme = take_scheme(&url), authority = find_authority(url);
    piece host = take_host(&authority);
    if (!host.len || host.len >= PEERS_HOST_TEXT || !take_port(authority, address->port)) return;
    memcpy(address->host, host.text, host.len);
    if (!*address->port) snprintf(address->port, sizeof address->port, "%s", default_port(scheme));
}
