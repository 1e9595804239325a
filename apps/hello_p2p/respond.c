/* SPDX-License-Identifier: MIT */
#include "respond.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The page takes all it needs from here, runs and shows nothing that came in another way, and is nobody's
 * frame. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static void describe(struct MHD_Response *response, const char *type, const char *cache)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

static struct MHD_Response *from_text(char *text, const char *type)
{
    if (!text) return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response)
        describe(response, type, "no-store");
    else
        free(text);
    return response;
}

struct MHD_Response *respond_make(json_t *body)
{
    char *json = body ? json_dumps(body, JSON_ENSURE_ASCII | JSON_INDENT(2)) : NULL;
    char *text = json ? realloc(json, strlen(json) + 2) : NULL;
    json_decref(body);
    if (!text) {
        free(json);
        return NULL;
    }
    strcat(text, "\n");
    return from_text(text, "application/json");
}

static enum MHD_Result send_off(struct MHD_Connection *connection, unsigned status,
                                struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result respond_json(struct MHD_Connection *connection, unsigned status, json_t *body)
{
    struct MHD_Response *response = respond_make(body);
    if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return send_off(connection, status, response);
}

enum MHD_Result respond_busy(struct MHD_Connection *connection, unsigned retry_s, const char *sentence)
{
    char seconds[16];
    struct MHD_Response *response = respond_make(json_pack("{ss}", "error", sentence));
    snprintf(seconds, sizeof seconds, "%u", retry_s);
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    return send_off(connection, MHD_HTTP_SERVICE_UNAVAILABLE, response);
}

enum MHD_Result respond_with(struct MHD_Connection *connection, unsigned status, const char *type,
                             struct MHD_Response *response)
{
    if (response) describe(response, type, "no-store");
    return send_off(connection, status, response);
}

enum MHD_Result respond_text(struct MHD_Connection *connection, const char *type, char *text)
{
    return send_off(connection, MHD_HTTP_OK, from_text(text, type));
}

const page_file *respond_find_file(const char *path)
{
    for (size_t i = 0; i < PAGE_FILES; i++)
        if (!strcmp(path, page_files[i].path)) return &page_files[i];
    return NULL;
}

enum MHD_Result respond_file(struct MHD_Connection *connection, const page_file *file)
{
    const char *known =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool is_known = known && strstr(known, file->tag);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        is_known ? 0 : file->len, (void *)(uintptr_t)file->bytes, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    describe(response, file->type, "no-cache");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->tag);
    MHD_add_response_header(response, "Content-Security-Policy", page_policy);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    return send_off(connection, is_known ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}
