/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sim_target sim_unix(const char *path)
{
    return (sim_target){path, "http://localhost"};
}

sim_target sim_tcp(const sim_process *process)
{
    assert_true(*process->url);
    return (sim_target){NULL, process->url};
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    sim_reply *reply = context;
    char *body = realloc(reply->body, reply->len + size * count + 1);
    assert_non_null(body);
    memcpy(body + reply->len, data, size * count);
    reply->body = body;
    reply->len += size * count;
    body[reply->len] = '\0';
    return size * count;
}

static void finish(sim_reply *reply, CURL *curl)
{
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(reply->type, sizeof reply->type, "%s", type ? type : "");
    reply->json = reply->body ? json_loadb(reply->body, reply->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (reply->json && !json_is_object(reply->json)) {
        json_decref(reply->json);
        reply->json = NULL;
    }
}

sim_reply sim_request_bytes(sim_target target, const char *verb, const char *path, const void *body,
                            size_t len)
{
    sim_reply reply = {0};
    char url[16 * 1024];
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    snprintf(url, sizeof url, "%s%s", target.url, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    if (target.unix_path) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, target.unix_path);
    if (body) curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    if (body) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb);
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) fail_msg("%s %s: %s", verb, path, curl_easy_strerror(code));
    finish(&reply, curl);
    curl_easy_cleanup(curl);
    return reply;
}

sim_reply sim_request(sim_target target, const char *path, const char *body)
{
    return sim_request_bytes(target, body ? "POST" : "GET", path, body, body ? strlen(body) : 0);
}

void sim_reply_free(sim_reply *reply)
{
    json_decref(reply->json);
    free(reply->body);
    *reply = (sim_reply){0};
}

const char *sim_reply_text(const sim_reply *reply, const char *name)
{
    const json_t *value = json_object_get(reply->json, name);
    if (!json_is_string(value)) fail_msg("no string %s in %s", name, reply->body ? reply->body : "nothing");
    return json_string_value(value);
}

void sim_instance_id_of(sim_target target, char *text)
{
    sim_reply reply = sim_request(target, "/Info", "{}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(strlen(sim_reply_text(&reply, "instance_id")), 40);
    memcpy(text, sim_reply_text(&reply, "instance_id"), 41);
    sim_reply_free(&reply);
}

void sim_expect_error(sim_target target, const char *path, const char *body, long status, const char *part)
{
    sim_reply reply = sim_request(target, path, body);
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.type, "application/json");
    assert_int_equal(json_object_size(reply.json), 1);
    const char *sentence = sim_reply_text(&reply, "error");
    if (!strstr(sentence, part)) fail_msg("\"%s\" does not contain \"%s\"", sentence, part);
    sim_reply_free(&reply);
}

json_t *sim_vectors(void)
{
    json_t *vectors = json_load_file(TEST_SOURCE_DIR "/tests/vectors/get_key.json", 0, NULL);
    assert_non_null(vectors);
    return vectors;
}
