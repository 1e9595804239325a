/* SPDX-License-Identifier: MIT */
#include "greeting.h"
#include "address.h"
#include "dstack_p2p.h"
#include "log.h"
#include "url.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MESSAGE_MAX = 256, BODY_FIRST = 1024 };

static bool reserve(hello_greeting *self, size_t more)
{
    size_t need = self->len + more;
    if (self->body && need <= BODY_FIRST) return true;
    char *body = realloc(self->body, need < BODY_FIRST ? BODY_FIRST : need);
    if (body) self->body = body;
    return body;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    hello_greeting *self = context;
    size_t len = size * count;
    size_t most = self->target.asks ? HEARSAY_BODY_MAX : GREETING_BODY_MAX;
    if (len > most - self->len) {
        self->too_long = true;
        return 0;
    }
    if (!len || !reserve(self, len)) return 0;
    memcpy(self->body + self->len, data, len);
    self->len += len;
    return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    hello_greeting *self = context;
    (void)data;
    self->header_len += size * count;
    self->too_long = self->too_long || self->header_len > GREETING_HEADER_MAX;
    return self->too_long ? 0 : size * count;
}

/* Looks at the very address that is connected to: a name that changes its answer gains nothing. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    hello_greeting *self = context;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (!self->target.may_be_private && !address_is_public(&address->addr, address->addrlen)) {
        self->kept_out = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

#define SET(option, value) (ok = ok && !curl_easy_setopt(self->easy, CURLOPT_##option, value))

static bool configure(hello_greeting *self, const char *hello)
{
    bool ok = true;
    SET(URL, hello);
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(PROXY, "");
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(OPENSOCKETDATA, self);
    SET(NETRC, (long)CURL_NETRC_IGNORED);
    SET(NOSIGNAL, 1L);
    SET(TIMEOUT_MS, (long)GREETING_TIMEOUT_MS);
    SET(QUICK_EXIT, 1L); /* the end of the program does not wait for name lookups */
    SET(FORBID_REUSE, 1L);
    SET(BUFFERSIZE, 8192L);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(USERAGENT, "hello_p2p/" DSTACK_P2P_VERSION);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, self);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, self);
    SET(ERRORBUFFER, self->detail);
    SET(PRIVATE, self);
    return ok;
}

static hello_greeting *prepare(const char *hello)
{
    hello_greeting *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->easy = curl_easy_init();
    if (self->easy && configure(self, hello)) return self;
    greeting_free(self);
    return NULL;
}

hello_greeting *greeting_new(const hello_target *target, greeting_answer *answer)
{
    *answer = (greeting_answer){.timestamp = -1, .peers_known = -1};
    char *hello = target->asks ? url_peers(target->url) : url_hello(target->url, target->own_id);
    if (!hello) {
        answer->error = strdup("not an http or https URL that can be greeted");
        answer->final = true;
        return NULL;
    }
    hello_greeting *self = prepare(hello);
    free(hello);
    if (self) self->target = *target;
    return self;
}

static int64_t number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

static void parse(const hello_greeting *self, greeting_answer *answer)
{
    json_error_t error;
    json_t *root = json_loadb(self->body ? self->body : "", self->len, JSON_REJECT_DUPLICATES, &error);
    const char *message = json_string_value(json_object_get(root, "message"));
    if (message) {
        answer->message = strndup(message, MESSAGE_MAX);
        if (answer->message) log_sanitize(answer->message);
        answer->timestamp = number(root, "timestamp");
        answer->peers_known = number(root, "peers_known");
    } else {
        answer->error = strdup(root ? "the answer has no message" : "the answer is not JSON");
    }
    json_decref(root);
}

static void parse_told(const hello_greeting *self, greeting_answer *answer)
{
    const char *problem = hearsay_parse(self->body, self->len, &answer->told, &answer->told_count);
    if (problem) answer->error = strdup(problem);
}

greeting_answer greeting_result(const hello_greeting *self, CURLcode code)
{
    greeting_answer answer = {.timestamp = -1, .peers_known = -1};
    long status = 0;
    char text[CURL_ERROR_SIZE + 32];
    curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    if (self->too_long) {
        answer.error = strdup("the answer is too long");
    } else if (code == CURLE_COULDNT_CONNECT && self->kept_out) {
        answer.error = strdup("its address is not a public one: not connected to; see --private-peers");
    } else if (code != CURLE_OK) {
        answer.error = strdup(self->detail[0] ? self->detail : curl_easy_strerror(code));
    } else if (status != 200) {
        snprintf(text, sizeof text, "HTTP status %ld", status);
        answer.error = strdup(text);
    } else if (self->target.asks) {
        parse_told(self, &answer);
    } else {
        parse(self, &answer);
    }
    if (answer.error) log_sanitize(answer.error);
    return answer;
}

void greeting_free(hello_greeting *self)
{
    if (!self) return;
    curl_easy_cleanup(self->easy);
    free(self->target.url);
    free(self->body);
    free(self);
}

void greeting_answer_free(greeting_answer *answer)
{
    free(answer->message);
    free(answer->error);
    free(answer->told);
    *answer = (greeting_answer){0};
}
