/* SPDX-License-Identifier: MIT */
#include "eth/notice.h"

#include "eth/quantity.h"

#include <stdio.h>
#include <string.h>

static int malformed(const char *what, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's WebSocket message %s", what);
}

/* False when it is no string, or too long to be kept. */
static bool copy_text(const json_t *json, char *out, size_t size)
{
    const char *text = json_string_value(json);
    if (!text || strlen(text) >= size) return false;
    memcpy(out, text, strlen(text) + 1);
    base_sanitize(out);
    return true;
}

static void read_refusal(const json_t *failure, eth_notice *notice)
{
    const char *why = json_string_value(json_object_get(failure, "message"));
    snprintf(notice->text, sizeof notice->text, "%s", why ? why : "no reason given");
    base_sanitize(notice->text);
    notice->kind = ETH_NOTICE_REFUSAL;
}

/* A node that did not get as far as the id of what it refuses answers null for it. Some say that there is no
 * error by one that is null. */
static int read_answer(const json_t *root, eth_notice *notice, base_error *error)
{
    const json_t *id = json_object_get(root, "id"), *failure = json_object_get(root, "error");
    bool failed = failure && !json_is_null(failure);
    bool has_id = json_is_integer(id) && json_integer_value(id) >= 0;
    if (!has_id && !(failed && json_is_null(id))) return malformed("answers without an id", error);
    notice->id = has_id ? (uint64_t)json_integer_value(id) : 0;
    if (failed) {
        read_refusal(failure, notice);
        return 0;
    }
    if (!copy_text(json_object_get(root, "result"), notice->text, sizeof notice->text))
        return malformed("has no result that is a string", error);
    notice->kind = ETH_NOTICE_ANSWER;
    return 0;
}

static int read_head(const json_t *result, eth_notice *notice, base_error *error)
{
    eth_head *head = &notice->head;
    if (!eth_quantity_u64(json_object_get(result, "number"), &head->number) ||
        !eth_quantity_u64(json_object_get(result, "timestamp"), &head->time) ||
        !eth_data_fixed(json_object_get(result, "hash"), head->hash32, 32) ||
        !eth_data_fixed(json_object_get(result, "parentHash"), head->parent32, 32))
        return malformed("announces a block without number, time, hash or parent", error);
    notice->kind = ETH_NOTICE_HEAD;
    return 0;
}

static int read_log(json_t *result, eth_notice *notice, base_error *error)
{
    if (!eth_quantity_u64(json_object_get(result, "blockNumber"), &notice->log_number))
        return malformed("announces a log entry without a block", error);
    notice->removed = json_is_true(json_object_get(result, "removed"));
    notice->log = json_incref(result);
    notice->kind = ETH_NOTICE_LOG;
    return 0;
}

static int read_notification(const json_t *root, eth_notice *notice, base_error *error)
{
    const char *method = json_string_value(json_object_get(root, "method"));
    const json_t *params = json_object_get(root, "params");
    json_t *result = json_object_get(params, "result");
    if (!method || strcmp(method, "eth_subscription") != 0) return 0;
    if (!copy_text(json_object_get(params, "subscription"), notice->subscription,
                   sizeof notice->subscription))
        return malformed("notifies without a subscription", error);
    if (json_object_get(result, "topics")) return read_log(result, notice, error);
    if (json_object_get(result, "parentHash")) return read_head(result, notice, error);
    return 0;
}

int eth_notice_read(const char *text, size_t len, eth_notice *notice, base_error *error)
{
    json_error_t problem;
    memset(notice, 0, sizeof *notice);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(root))
        malformed("is no JSON object", error);
    else if (json_object_get(root, "method"))
        read_notification(root, notice, error);
    else
        read_answer(root, notice, error);
    json_decref(root);
    return error->code;
}

void eth_notice_free(eth_notice *notice)
{
    json_decref(notice->log);
    notice->log = NULL;
}
