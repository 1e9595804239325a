/* SPDX-License-Identifier: MIT */
#include "net/client.h"

#include "base/secret.h"
#include "net/drive.h"
#include "net/retry_after.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct net_client {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    size_t max_body;
    int cancel_fd;
    bool secret, is_local;
    char reason[CURL_ERROR_SIZE];
};

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    base_buf *body = context;
    bool kept = base_buf_append(body, data, size * count);
    /* libcurl's own buffer, which it gives back as it is. */
    if (body->secret) base_wipe(data, size * count);
    return kept ? size * count : 0;
}

static bool set_options(net_client *client, const net_client_config *config)
{
    CURL *easy = client->easy;
    bool ok = !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
              !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
              !curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
              !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
              !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers) &&
              !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms) &&
              !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->reason) &&
              !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) &&
              !curl_easy_setopt(easy, CURLOPT_POST, 1L) &&
              !curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)config->max_body);
    if (config->unix_path) ok = ok && !curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, config->unix_path);
    /* Do not let a hanging name server hold up cancellation. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    return ok;
}

static struct curl_slist *make_headers(void)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    /* Without this curl asks for permission before it sends a large body, which costs a round trip. */
    struct curl_slist *more = headers ? curl_slist_append(headers, "Expect:") : NULL;
    if (!more) curl_slist_free_all(headers);
    return more;
}

net_client *net_client_new(const net_client_config *config)
{
    net_drive_init();
    net_client *client = calloc(1, sizeof *client);
    if (!client) return NULL;
    client->max_body = config->max_body;
    client->cancel_fd = config->cancel_fd;
    client->secret = config->secret;
    client->is_local = config->unix_path;
    client->url = strdup(config->url);
    client->multi = curl_multi_init();
    client->easy = curl_easy_init();
    client->headers = make_headers();
    if (client->url && client->multi && client->easy && client->headers && set_options(client, config)) {
        net_client_set_limit(client, config->total_ms);
        return client;
    }
    net_client_free(client);
    return NULL;
}

void net_client_set_limit(net_client *client, uint32_t total_ms)
{
    /* 0 would mean no limit. No number that fits is refused. */
    (void)curl_easy_setopt(client->easy, CURLOPT_TIMEOUT_MS, (long)(total_ms ? total_ms : 1));
}

/* Whether the connection was ready for the request. */
static bool was_connected(CURL *easy)
{
    curl_off_t before_request = 0;
    return !curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &before_request) && before_request;
}

static net_result result_of(const net_client *client, CURLcode code, const base_buf *body)
{
    switch (code) {
    case CURLE_OK:
        return NET_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return was_connected(client->easy) ? NET_TIMEOUT : NET_UNREACHABLE;
    case CURLE_FILESIZE_EXCEEDED:
        return NET_TOO_LARGE;
    case CURLE_OUT_OF_MEMORY:
        return NET_NO_MEMORY;
    case CURLE_WRITE_ERROR:
        return body->no_memory ? NET_NO_MEMORY : NET_TOO_LARGE;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: an answer without a status line */
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return NET_CUT;
    default:
        return NET_UNREACHABLE;
    }
}

static const char *header(CURL *easy, const char *name)
{
    struct curl_header *found;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) ? NULL : found->value;
}

static uint64_t read_retry_after(CURL *easy)
{
    char value[64];
    const char *found = header(easy, "Retry-After");
    if (!found || strlen(found) >= sizeof value) return 0;
    snprintf(value, sizeof value, "%s", found); /* the next look takes it back */
    return net_retry_after_ms(value, header(easy, "Date"), time(NULL));
}

/* Of a socket's file libcurl knows a host and a port only, which nobody has given. */
static void explain(net_client *client, CURLcode code)
{
    long why = 0;
    bool is_known = client->is_local && code == CURLE_COULDNT_CONNECT &&
                    !curl_easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &why) && why;
    if (is_known || !client->reason[0])
        snprintf(client->reason, sizeof client->reason, "%s",
                 is_known ? strerror((int)why) : curl_easy_strerror(code));
}

static net_result transfer(net_client *client, net_reply *reply)
{
    if (curl_multi_add_handle(client->multi, client->easy)) return NET_NO_MEMORY;
    CURLcode code = net_drive(client->multi, client->cancel_fd);
    curl_multi_remove_handle(client->multi, client->easy);
    if (code == CURLE_ABORTED_BY_CALLBACK) return NET_CANCELLED;
    curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &reply->status);
    if (code) explain(client, code);
    reply->retry_after_ms = read_retry_after(client->easy);
    return result_of(client, code, &reply->body);
}

net_result net_client_post(net_client *client, const char *path, const void *body, size_t len,
                           net_reply *reply, char *reason, size_t reason_size)
{
    base_buf url = base_buf_make(8192);
    net_result result = NET_NO_MEMORY;
    *reply = (net_reply){.body = client->secret ? base_buf_make_secret(client->max_body)
                                                : base_buf_make(client->max_body)};
    client->reason[0] = '\0';
    if (base_buf_puts(&url, client->url) && base_buf_puts(&url, path) &&
        !curl_easy_setopt(client->easy, CURLOPT_URL, url.data) &&
        !curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, body) &&
        !curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) &&
        !curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, &reply->body))
        result = transfer(client, reply);
    snprintf(reason, reason_size, "%s", client->reason);
    base_buf_free(&url);
    return result;
}

void net_client_free(net_client *client)
{
    if (!client) return;
    curl_easy_cleanup(client->easy);
    curl_multi_cleanup(client->multi);
    curl_slist_free_all(client->headers);
    free(client->url);
    free(client);
}
