/* SPDX-License-Identifier: MIT */
#include "eth/batch.h"

#include "base/hex.h"
#include "eth/quantity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX = 512 * 1024, REVERT_DATA_MAX = 64 * 1024, PARTS_MAX = 65536 };
enum { LONG_DATA_MAX = 8 * 1024 * 1024, LONG_MIN_DIGITS = 4096, LONGS_MAX = 16, MARK_MAX = 32 };
enum { REST_MAX = 4 * 1024 * 1024 };

/*
 * Most of an answer with many peers is one string of hex digits. A JSON parser looks at each byte of it
 * several times and copies it twice, which takes most of the time. So long ones are taken out first and
 * leave a mark, "0x!7", which is no hex data: what does not know of marks refuses it.
 */
typedef struct long_strings {
    const char *digits[LONGS_MAX];
    size_t lengths[LONGS_MAX], count;
} long_strings;

void eth_batch_init(eth_batch *batch)
{
    memset(batch, 0, sizeof *batch);
}

static void forget_answer(eth_request *request)
{
    base_buf_reset(&request->error_data);
    base_buf_reset(&request->long_data);
    json_decref(request->result);
    request->result = NULL;
    request->has_error = false;
}

void eth_batch_forget_answers(eth_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        forget_answer(&batch->requests[i]);
    batch->too_large = false;
}

void eth_batch_free(eth_batch *batch)
{
    eth_batch_forget_answers(batch);
    for (size_t i = 0; i < batch->count; i++) {
        base_buf_free(&batch->requests[i].params);
        base_buf_free(&batch->requests[i].error_data);
        base_buf_free(&batch->requests[i].long_data);
    }
    eth_batch_init(batch);
}

static eth_request *append(eth_batch *batch, const char *method)
{
    if (batch->count == ETH_BATCH_MAX) {
        batch->failed = true;
        return NULL;
    }
    eth_request *request = &batch->requests[batch->count++];
    request->method = method;
    request->params = base_buf_make(PARAMS_MAX);
    request->error_data = base_buf_make(REVERT_DATA_MAX);
    request->long_data = base_buf_make(LONG_DATA_MAX);
    return request;
}

size_t eth_batch_add(eth_batch *batch, const char *method, const char *params, ...)
{
    char text[256];
    eth_request *request = append(batch, method);
    va_list args;
    va_start(args, params);
    int len = vsnprintf(text, sizeof text, params, args);
    va_end(args);
    if (request && (len < 0 || (size_t)len >= sizeof text || !base_buf_puts(&request->params, text)))
        batch->failed = true;
    return batch->count - 1;
}

size_t eth_batch_add_params(eth_batch *batch, const char *method, const base_buf *params)
{
    eth_request *request = append(batch, method);
    if (!request) return batch->count - 1;
    base_buf_append(&request->params, params->data, params->len);
    if (base_buf_failed(&request->params) || base_buf_failed(params)) batch->failed = true;
    return batch->count - 1;
}

size_t eth_batch_add_call(eth_batch *batch, const uint8_t to20[static 20], const base_buf *data,
                          const char *block)
{
    eth_request *request = append(batch, "eth_call");
    if (!request) return batch->count - 1;
    base_buf *params = &request->params;
    base_buf_puts(params, "[{\"to\":\"0x");
    base_buf_hex(params, to20, 20);
    base_buf_puts(params, "\",\"data\":\"0x");
    base_buf_hex(params, data->data, data->len);
    base_buf_printf(params, "\"},\"%s\"]", block);
    if (base_buf_failed(params) || base_buf_failed(data)) batch->failed = true;
    return batch->count - 1;
}

bool eth_batch_write(eth_batch *batch, size_t first, size_t count, uint64_t *next_id, base_buf *out)
{
    for (size_t i = first; i < first + count; i++)
        if (base_buf_failed(&batch->requests[i].params)) batch->failed = true;
    if (count > 1) base_buf_puts(out, "[");
    for (size_t i = first; i < first + count; i++) {
        eth_request *request = &batch->requests[i];
        request->id = (*next_id)++;
        base_buf_printf(out, "%s{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"%s\",\"params\":",
                        i > first ? "," : "", (unsigned long long)request->id, request->method);
        base_buf_append(out, request->params.data, request->params.len);
        base_buf_puts(out, "}");
    }
    if (count > 1) base_buf_puts(out, "]");
    return !batch->failed && !base_buf_failed(out);
}

/* Nodes put revert data into error.data, or one object deeper; some put words there, "Out of gas". */
static void read_error_data(eth_request *request, const json_t *data)
{
    if (json_is_object(data)) data = json_object_get(data, "data");
    const char *text = json_string_value(data);
    if (!text || eth_data_bytes(data, &request->error_data)) return;
    base_buf_reset(&request->error_data);
    size_t len = strlen(request->error_message), room = sizeof request->error_message - len;
    if (strncmp(text, "0x", 2) != 0) snprintf(request->error_message + len, room, " (%s)", text);
}

static void read_error(eth_request *request, const json_t *error)
{
    const char *message = json_string_value(json_object_get(error, "message"));
    request->has_error = true;
    request->error_code = json_integer_value(json_object_get(error, "code"));
    snprintf(request->error_message, sizeof request->error_message, "%s", message ? message : "no message");
    read_error_data(request, json_object_get(error, "data"));
    base_sanitize(request->error_message);
}

/* The end of the string whose content begins at `at`; NULL when it has none. */
static const char *string_end(const char *at, const char *end)
{
    const char *start = at, *quote;
    for (; (quote = memchr(at, '"', (size_t)(end - at))); at = quote + 1) {
        const char *slash = quote;
        while (slash > start && slash[-1] == '\\')
            slash--;
        if ((quote - slash) % 2 == 0) return quote;
    }
    return NULL;
}

/* Copies an answer without its long strings of digits. */
static bool take_out(const char *text, size_t len, base_buf *rest, long_strings *longs)
{
    const char *end = text + len, *from = text, *at = text, *close;
    while ((at = memchr(at, '"', (size_t)(end - at))) && (close = string_end(at + 1, end))) {
        size_t digits = (size_t)(close - at) - 1;
        if (digits >= LONG_MIN_DIGITS && memcmp(at + 1, "0x", 2) == 0 && longs->count < LONGS_MAX) {
            base_buf_append(rest, from, (size_t)(at - from));
            base_buf_printf(rest, "\"0x!%zu\"", longs->count);
            longs->digits[longs->count] = at + 3;
            longs->lengths[longs->count++] = digits - 2;
            from = close + 1;
        }
        at = close + 1;
    }
    return base_buf_append(rest, from, (size_t)(end - from)) && !base_buf_failed(rest);
}

/* The bytes behind a mark. What only looks like one, or is no hex, is refused by eth_request_data(). */
static void put_back(eth_request *request, const long_strings *longs)
{
    char mark[MARK_MAX];
    const char *text = json_string_value(request->result);
    for (size_t i = 0; text && i < longs->count; i++) {
        snprintf(mark, sizeof mark, "0x!%zu", i);
        if (strcmp(text, mark) == 0 &&
            !eth_data_digits(longs->digits[i], longs->lengths[i], &request->long_data))
            base_buf_reset(&request->long_data);
    }
}

bool eth_request_data(const eth_request *request, base_buf *own, const void **data, size_t *len)
{
    const base_buf *bytes = &request->long_data;
    if (!bytes->len) {
        if (!eth_data_bytes(request->result, own)) return false;
        bytes = own;
    }
    *data = bytes->data;
    *len = bytes->len;
    return true;
}

static bool is_answered(const eth_request *request)
{
    return request->result || request->has_error;
}

/* No result is such text; whoever takes it for a C string would see a part of it. */
static bool holds_zero(const json_t *result)
{
    return json_is_string(result) && strlen(json_string_value(result)) != json_string_length(result);
}

static int read_answer(eth_batch *batch, size_t first, size_t count, json_t *answer, base_error *error)
{
    json_t *id = json_object_get(answer, "id"), *failure = json_object_get(answer, "error");
    json_t *result = json_object_get(answer, "result");
    bool is_only = count == 1 && json_is_object(failure) && !json_is_integer(id);
    if (!json_is_integer(id) && !is_only)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered without a request id");
    /* A node that did not get as far as the id: with one request there is no doubt whose error it is. */
    uint64_t offset = is_only ? 0 : (uint64_t)json_integer_value(id) - batch->requests[first].id;
    if (offset >= count || is_answered(&batch->requests[first + offset]))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node answered another request than was sent (id %lld)",
                         (long long)json_integer_value(id));
    eth_request *request = &batch->requests[first + offset];
    if (json_is_object(failure))
        read_error(request, failure);
    else if (holds_zero(result))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node answered %s with a zero byte in a string", request->method);
    else if (result)
        request->result = json_incref(result);
    else
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node answered %s with neither a result nor an error", request->method);
    return 0;
}

/* One error for several requests, as nodes send that do not take batches, or not such large ones. */
static const json_t *find_refusal(const json_t *root, size_t count)
{
    const json_t *only = json_array_size(root) == 1 ? json_array_get(root, 0) : root;
    return count > 1 ? json_object_get(only, "error") : NULL;
}

static int read_refusal(const json_t *failure, base_error *error)
{
    eth_request all = {.method = "the batch", .error_data = base_buf_make(0)};
    read_error(&all, failure);
    return eth_request_check(&all, error);
}

static int read_all(eth_batch *batch, size_t first, size_t count, json_t *root, base_error *error)
{
    size_t answers = json_is_array(root) ? json_array_size(root) : 1;
    const json_t *refusal = find_refusal(root, count);
    if (json_is_object(refusal)) return read_refusal(refusal, error);
    if (count > 1 && json_is_object(root))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ERROR,
                         "the node answered a batch as if it were one request");
    if (answers != count)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered %zu of %zu requests", answers,
                         count);
    for (size_t i = 0; i < count; i++) {
        json_t *answer = json_is_array(root) ? json_array_get(root, i) : root;
        if (read_answer(batch, first, count, answer, error)) return error->code;
    }
    return 0;
}

/* Whether an answer has so many parts that parsing it takes many times its size in memory. */
static bool is_bloated(const char *text, size_t len)
{
    size_t parts = 0;
    for (size_t i = 0; i < len && parts <= PARTS_MAX; i++)
        parts += text[i] == ',' || text[i] == '[' || text[i] == '{';
    return parts > PARTS_MAX;
}

static int parse(eth_batch *batch, size_t first, size_t count, const base_buf *text, base_error *error)
{
    json_error_t problem;
    batch->too_large = is_bloated(text->data, text->len);
    if (batch->too_large)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's answer has more than %d parts",
                         PARTS_MAX);
    /* anvil writes revert data that happens to be UTF-8 into its message, zero bytes and all. */
    json_t *root = json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    if (!root && !problem.text[0]) /* jansson has a word for everything but this */
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while reading an answer");
    if (!root)
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node's answer is not JSON (%s); it begins with '%.*s'", problem.text,
                         text->len < 40 ? (int)text->len : 40, text->data);
    int code = read_all(batch, first, count, root, error);
    json_decref(root);
    return code;
}

static int read_too_much(eth_batch *batch, const base_buf *rest, base_error *error)
{
    if (rest->no_memory)
        return base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while reading an answer");
    batch->too_large = true;
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                     "the node's answer has more than %d MiB beside long strings of data", REST_MAX >> 20);
}

int eth_batch_read(eth_batch *batch, size_t first, size_t count, const char *text, size_t len,
                   base_error *error)
{
    long_strings longs = {.count = 0};
    base_buf rest = base_buf_make(REST_MAX);
    if (!take_out(len ? text : "", len, &rest, &longs))
        read_too_much(batch, &rest, error);
    else if (!parse(batch, first, count, &rest, error))
        for (size_t i = first; i < first + count; i++)
            put_back(&batch->requests[i], &longs);
    base_buf_free(&rest);
    return error->code;
}

int eth_request_check(const eth_request *request, base_error *error)
{
    if (!request->has_error) return 0;
    bool limited = request->error_code == 429 || request->error_code == -32005;
    return base_fail(error, limited ? DSTACK_P2P_ERR_RPC_LIMITED : DSTACK_P2P_ERR_RPC_ERROR,
                     "the node refused %s: %s (code %lld)", request->method, request->error_message,
                     (long long)request->error_code);
}
