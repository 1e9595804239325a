/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem */
#include "net/upgrade.h"

#include "base/secret.h"

#include <curl/urlapi.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ACCEPT_TEXT = 29, CREDENTIALS_MAX = 1024 };

void net_upgrade_key(const uint8_t random16[static 16], char key[static NET_UPGRADE_KEY_TEXT])
{
    base64_encode_raw(key, 16, random16);
    key[NET_UPGRADE_KEY_TEXT - 1] = '\0';
}

/* ---- Request ---- */

/* A part of a URL, "" when it has none; to be freed with curl_free(). */
static char *part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(url, what, &text, flags) ? NULL : text;
}

static void put_credentials(CURLU *url, base_buf *out)
{
    char pair[CREDENTIALS_MAX], coded[BASE64_ENCODE_RAW_LENGTH(CREDENTIALS_MAX) + 1];
    char *user = part(url, CURLUPART_USER, CURLU_URLDECODE);
    char *password = part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    int len = user ? snprintf(pair, sizeof pair, "%s:%s", user, password ? password : "") : 0;
    if (len > 0 && (size_t)len < sizeof pair) {
        base64_encode_raw(coded, (size_t)len, (const uint8_t *)pair);
        coded[BASE64_ENCODE_RAW_LENGTH((size_t)len)] = '\0';
        base_buf_printf(out, "Authorization: Basic %s\r\n", coded);
        base_wipe(coded, sizeof coded);
    }
    base_wipe(pair, sizeof pair);
    curl_free(user);
    curl_free(password);
}

static void put_request(CURLU *url, const char *key, base_buf *out)
{
    char *host = part(url, CURLUPART_HOST, 0), *port = part(url, CURLUPART_PORT, 0);
    char *path = part(url, CURLUPART_PATH, 0), *query = part(url, CURLUPART_QUERY, 0);
    base_buf_printf(out, "GET %s%s%s HTTP/1.1\r\nHost: %s%s%s\r\n", path ? path : "/", query ? "?" : "",
                    query ? query : "", host ? host : "", port ? ":" : "", port ? port : "");
    base_buf_printf(out,
                    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: %s\r\n",
                    key);
    put_credentials(url, out);
    base_buf_puts(out, "\r\n");
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_free(query);
}

bool net_upgrade_request(const char *url, const char *key, base_buf *out)
{
    CURLU *parsed = curl_url();
    bool ok = parsed && !curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (ok) put_request(parsed, key, out);
    curl_url_cleanup(parsed);
    return ok && !base_buf_failed(out);
}

/* ---- Answer ---- */

static void accept_for(const char *key, char text[static ACCEPT_TEXT])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;
    sha1_init(&sha1);
    sha1_update(&sha1, strlen(key), (const uint8_t *)key);
    sha1_update(&sha1, sizeof guid - 1, (const uint8_t *)guid);
    sha1_digest(&sha1, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    text[ACCEPT_TEXT - 1] = '\0';
}

/* How a header's value is compared with what it has to be. */
typedef bool (*match_fn)(const char *value, size_t len, const char *wanted);

static bool is_text(const char *value, size_t len, const char *wanted)
{
    return len == strlen(wanted) && !memcmp(value, wanted, len);
}

static bool is_word(const char *value, size_t len, const char *wanted)
{
    return len == strlen(wanted) && !strncasecmp(value, wanted, len);
}

/* Blanks around it taken off. */
static const char *trim(const char *text, size_t *len)
{
    while (*len && (*text == ' ' || *text == '\t'))
        text++, --*len;
    while (*len && (text[*len - 1] == ' ' || text[*len - 1] == '\t'))
        --*len;
    return text;
}

/* Of a list, "keep-alive, Upgrade". */
static bool has_word(const char *value, size_t len, const char *wanted)
{
    for (const char *end = value + len, *next; value <= end; value = next + 1) {
        next = memchr(value, ',', (size_t)(end - value));
        if (!next) next = end;
        size_t word_len = (size_t)(next - value);
        const char *word = trim(value, &word_len);
        if (is_word(word, word_len, wanted)) return true;
    }
    return false;
}

/* Whether a line of the head is this header with such a value. */
static bool is_header(const char *line, size_t len, const char *name, const char *wanted, match_fn match)
{
    size_t name_len = strlen(name);
    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':') return false;
    len -= name_len + 1;
    const char *value = trim(line + name_len + 1, &len);
    return match(value, len, wanted);
}

static bool has_header(const char *head, size_t len, const char *name, const char *wanted, match_fn match)
{
    const char *end = head + len, *next;
    for (const char *line = head; line < end; line = next + 2) {
        next = memmem(line, (size_t)(end - line), "\r\n", 2);
        if (!next) return false;
        if (is_header(line, (size_t)(next - line), name, wanted, match)) return true;
    }
    return false;
}

/* "HTTP/1.1 101 ..." */
static bool is_switching(const char *head, size_t len)
{
    return len >= 13 && !memcmp(head, "HTTP/1.1 101", 12) && (head[12] == ' ' || head[12] == '\r');
}

static int refuse(const char *answer, size_t len, char *reason, size_t reason_size)
{
    size_t line = 0;
    while (line < len && line < 80 && answer[line] != '\r')
        line++;
    snprintf(reason, reason_size, "the server opens no WebSocket, it answers '%.*s'", (int)line, answer);
    return -1;
}

int net_upgrade_check(const char *answer, size_t len, const char *key, char *reason, size_t reason_size)
{
    static const char http[] = "HTTP/1.1 101";
    char accept[ACCEPT_TEXT];
    size_t known = len < sizeof http - 1 ? len : sizeof http - 1;
    if (memcmp(answer, http, known) != 0) return refuse(answer, len, reason, reason_size);
    const char *end = memmem(answer, len, "\r\n\r\n", 4);
    if (!end && len < NET_UPGRADE_HEAD_MAX) return 0;
    size_t head = end ? (size_t)(end - answer) + 2 : 0;
    accept_for(key, accept);
    if (is_switching(answer, head) && has_header(answer, head, "Upgrade", "websocket", is_word) &&
        has_header(answer, head, "Connection", "Upgrade", has_word) &&
        has_header(answer, head, "Sec-WebSocket-Accept", accept, is_text))
        return (int)head + 2;
    return refuse(answer, len, reason, reason_size);
}
