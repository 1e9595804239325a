/* SPDX-License-Identifier: MIT */
#include "support/fake_node.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/keccak.h"
#include "registry/contract_abi.h"
#include "support/fake_contract.h"
#include "support/fake_guest.h"
#include "support/fake_logs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RAW_MAX = 4096, HUGE_BODY = 100 * 1000 * 1000, MINUTE_MS = 60000 };

typedef struct record {
    uint8_t hash[32], raw[RAW_MAX];
    size_t len;
} record;

struct fake_node {
    fake_server *server;
    pthread_mutex_t lock; /* guards what follows */
    fake_node_state state;
    record records[FAKE_TAKEN_MAX]; /* of what it took */
};

static const char *const fault_names[] = {"healthy",
                                          "html",
                                          "broken-json",
                                          "error",
                                          "errors",
                                          "limited",
                                          "foreign-id",
                                          "missing-answer",
                                          "twice",
                                          "text-ids",
                                          "no-results",
                                          "empty-array",
                                          "empty-object",
                                          "null",
                                          "empty",
                                          "huge",
                                          "huge-announced",
                                          "429",
                                          "401",
                                          "502",
                                          "slow",
                                          "half",
                                          "closes",
                                          "no-status-line",
                                          "redirect",
                                          "no-batches",
                                          "413",
                                          "stalls",
                                          "503"};

const char *node_fault_name(int fault)
{
    size_t index = (size_t)fault;
    return index < sizeof fault_names / sizeof *fault_names ? fault_names[index] : NULL;
}

/* ---- Methods: each returns its result, or NULL with *error filled in ---- */

static json_t *quantity(uint64_t value)
{
    return json_sprintf("0x%llx", (unsigned long long)value);
}

static json_t *hash_text(const uint8_t hash32[static 32])
{
    char hex[65];
    base_hex_encode(hash32, 32, hex);
    return json_sprintf("0x%s", hex);
}

static json_t *make_error(int code, const char *message, const char *data)
{
    json_t *error = json_pack("{siss}", "code", code, "message", message);
    if (data) json_object_set_new(error, "data", json_string(data));
    return error;
}

static json_t *get_logs(fake_node *node, const json_t *params, json_t **error)
{
    const char *message;
    json_t *logs = fake_logs(&node->state, params, &message);
    if (!logs) *error = make_error(-32005, message, NULL);
    return logs;
}

static json_t *receipt(const fake_node *node, const uint8_t hash32[static 32])
{
    const fake_node_state *state = &node->state;
    bool failed = state->outcome == NODE_REVERTED || state->outcome == NODE_COPY_LANDED;
    uint8_t hash[32];
    memcpy(hash, hash32, sizeof hash);
    if (state->outcome == NODE_OTHER_RECEIPT) hash[0] ^= 1;
    json_t *json =
        json_pack("{sosososo}", "transactionHash", hash_text(hash), "status", quantity(!failed),
                  "blockNumber", quantity(state->block_number), "gasUsed", quantity(state->gas_used));
    if (state->outcome != NODE_BAD_RECEIPT)
        json_object_set_new(json, "effectiveGasPrice", quantity(state->gas_price));
    return json;
}

/* The next item of an RLP list, as a number, and 0 beyond the end; `at` moves behind it. */
static uint64_t next_number(const uint8_t *raw, size_t len, size_t *at)
{
    uint64_t number = 0;
    if (*at >= len) return 0;
    if (raw[*at] < 0x80) return raw[(*at)++];
    for (size_t left = (size_t)(raw[(*at)++] - 0x80); left > 0 && *at < len; left--)
        number = number << 8 | raw[(*at)++];
    return number;
}

/* What a type-2 transaction begins with. */
static fake_taken parse_transaction(const uint8_t *raw, size_t len)
{
    fake_taken tx = {0};
    size_t at = len > 8 && raw[1] > 0xf7 ? 2 + (size_t)(raw[1] - 0xf7) : 2;
    next_number(raw, len, &at); /* the chain id */
    tx.nonce = next_number(raw, len, &at);
    tx.tip = next_number(raw, len, &at);
    tx.max_fee = next_number(raw, len, &at);
    tx.anchor = fake_contract_anchor(raw, len);
    return tx;
}

static record *record_at(fake_node *node, size_t number)
{
    return &node->records[number % FAKE_TAKEN_MAX];
}

static fake_taken *taken_at(fake_node *node, size_t number)
{
    return &node->state.took[number % FAKE_TAKEN_MAX];
}

static size_t taken_count(const fake_node *node)
{
    return node->state.taken < FAKE_TAKEN_MAX ? node->state.taken : FAKE_TAKEN_MAX;
}

static void mine(fake_node *node, size_t number)
{
    fake_node_state *state = &node->state;
    fake_taken *tx = taken_at(node, number);
    const record *kept = record_at(node, number);
    tx->mined = true;
    if (state->mined_nonce <= tx->nonce) state->mined_nonce = tx->nonce + 1;
    state->block_number++;
    if (state->outcome != NODE_REVERTED) fake_contract_register(state, kept->raw, kept->len);
}

static bool is_pending(fake_node *node)
{
    for (size_t i = 0; i < taken_count(node); i++)
        if (!node->state.took[i].mined && node->state.took[i].nonce >= node->state.mined_nonce) return true;
    return false;
}

static json_t *get_block(fake_node *node, const char *tag)
{
    fake_node_state *state = &node->state;
    state->blocks_asked++;
    if (is_pending(node)) state->block_number += state->blocks_while_pending;
    return fake_block(state, tag);
}

/* Whether a real node's pool would not have it; why. */
static const char *refuse(fake_node *node, const fake_taken *tx, const uint8_t hash[static 32])
{
    if (!node->state.has_pool) return NULL;
    if (tx->nonce < node->state.mined_nonce) return "nonce too low";
    for (size_t i = taken_count(node); i-- > 0;) {
        const fake_taken *other = &node->state.took[i];
        if (other->mined || other->nonce != tx->nonce) continue;
        if (!memcmp(node->records[i].hash, hash, 32)) return "already known";
        if (10 * tx->max_fee < 11 * other->max_fee || 10 * tx->tip < 11 * other->tip)
            return "replacement transaction underpriced";
    }
    return NULL;
}

static void take_transaction(fake_node *node, const fake_taken *tx, const record *kept)
{
    fake_node_state *state = &node->state;
    size_t number = state->taken++;
    *taken_at(node, number) = *tx;
    *record_at(node, number) = *kept;
    state->last_nonce = tx->nonce;
    if (state->nonce <= tx->nonce) state->nonce = tx->nonce + 1;
    if (state->mines_first_at && state->taken == state->mines_first_at)
        mine(node, 0);
    else if (state->outcome != NODE_NEVER_MINED && !state->mines_first_at &&
             tx->max_fee >= state->mines_from_fee)
        mine(node, number);
}

static json_t *send_transaction(fake_node *node, const char *hex, bool sync, json_t **error)
{
    fake_node_state *state = &node->state;
    record kept;
    kept.len = (strlen(hex) - 2) / 2;
    if (sync && state->no_sync) {
        *error =
            make_error(-32601, "the method eth_sendRawTransactionSync does not exist/is not available", NULL);
        return NULL;
    }
    if (kept.len > sizeof kept.raw || !base_hex_decode(hex + 2, 2 * kept.len, kept.raw, kept.len)) abort();
    eth_keccak256(kept.raw, kept.len, kept.hash);
    fake_taken tx = parse_transaction(kept.raw, kept.len);
    const char *refusal = refuse(node, &tx, kept.hash);
    if (refusal) {
        *error = make_error(-32000, refusal, NULL);
        return NULL;
    }
    take_transaction(node, &tx, &kept);
    if (!sync) return hash_text(kept.hash);
    bool silent = state->sync_without_answer || !taken_at(node, state->taken - 1)->mined;
    return silent ? json_null() : receipt(node, kept.hash);
}

static json_t *get_receipt(fake_node *node, const char *hash)
{
    fake_node_state *state = &node->state;
    uint8_t asked[32];
    bool known = false;
    if (!hash || !base_hex_decode(hash + 2, strlen(hash) - 2, asked, 32)) abort();
    for (size_t i = 0; i < taken_count(node); i++)
        known |= state->took[i].mined && !memcmp(asked, node->records[i].hash, 32);
    return state->receipts_asked++ >= state->receipt_after && known ? receipt(node, asked) : json_null();
}

static json_t *get_nonce(const fake_node_state *state, const json_t *params)
{
    const char *block = json_string_value(json_array_get(params, 1));
    return quantity(block && !strcmp(block, "pending") ? state->nonce : state->mined_nonce);
}

static json_t *replay(fake_node *node, json_t **error)
{
    node->state.replays++;
    if (!node->state.revert_data) return json_string("0x");
    *error = make_error(3, "execution reverted", node->state.revert_data);
    return NULL;
}

static json_t *other_code(const char *answer, json_t **error)
{
    if (*answer) return json_loads(answer, JSON_DECODE_ANY, NULL);
    *error = make_error(3, "execution reverted", "0x");
    return NULL;
}

static json_t *call(fake_node *node, const json_t *params, json_t **error)
{
    const fake_node_state *state = &node->state;
    const json_t *object = json_array_get(params, 0);
    const char *to = json_string_value(json_object_get(object, "to"));
    const char *data = json_string_value(json_object_get(object, "data"));
    if (!to || !data || state->no_code || strcasecmp(to, FAKE_CONTRACT)) return json_string("0x");
    if (state->other_code) return other_code(state->other_code, error);
    uint32_t selector = fake_contract_selector(data);
    if (selector == CONTRACT_SEL_REGISTER_PEER) return replay(node, error);
    json_t *value = fake_contract_view(state, data, json_string_value(json_array_get(params, 1)));
    if (!value) *error = make_error(3, "execution reverted", "0x");
    return value;
}

static json_t *get_code(const fake_node_state *state, const char *address)
{
    bool is_there = address && !state->no_code && !strcasecmp(address, FAKE_CONTRACT);
    return json_string(is_there ? "0x6080604052" : "0x");
}

static json_t *run_method(fake_node *node, const char *method, const json_t *params, json_t **error)
{
    const fake_node_state *state = &node->state;
    const char *raw = json_string_value(json_array_get(params, 0));
    if (!strcmp(method, "eth_chainId")) return quantity(state->chain_id);
    if (!strcmp(method, "eth_blockNumber"))
        return quantity(state->block_number - (state->says_lag ? state->log_lag : 0));
    if (!strcmp(method, "eth_getLogs")) return get_logs(node, params, error);
    if (!strcmp(method, "eth_getBlockByNumber")) return get_block(node, raw);
    if (!strcmp(method, "eth_getTransactionCount")) return get_nonce(state, params);
    if (!strcmp(method, "eth_getBalance")) return quantity(state->balance);
    if (!strcmp(method, "eth_maxPriorityFeePerGas")) return quantity(state->tip);
    if (!strcmp(method, "eth_getTransactionReceipt")) return get_receipt(node, raw);
    if (!strcmp(method, "eth_call")) return call(node, params, error);
    if (!strcmp(method, "eth_getCode")) return get_code(state, raw);
    if (!strcmp(method, "eth_estimateGas")) return quantity(state->gas_used);
    if (!strcmp(method, "eth_sendRawTransactionSync")) return send_transaction(node, raw, true, error);
    if (!strcmp(method, "eth_sendRawTransaction")) return send_transaction(node, raw, false, error);
    *error = make_error(-32601, "Method not found", NULL);
    return NULL;
}

/* ---- Requests ---- */

#define USED_UP UINT32_MAX

/* Counts down how often something happens; whether it happens now. */
static bool use_up(unsigned *times)
{
    if (*times == USED_UP) return false;
    if (*times && --*times == 0) *times = USED_UP;
    return true;
}

/* Whether a request is getPeers of more than `beyond` peers. */
static bool asks_beyond(const json_t *params, uint64_t beyond)
{
    fake_page page;
    const char *data = json_string_value(json_object_get(json_array_get(params, 0), "data"));
    return data && fake_contract_page(data, NULL, &page) && page.limit > beyond;
}

static bool is_pinned(const char *method, const json_t *params)
{
    const char *block = json_string_value(json_array_get(params, !strcmp(method, "eth_call")));
    return block && !strncmp(block, "0x", 2);
}

static bool rule_fits(const fake_rule *rule, const char *method, const json_t *params)
{
    if (strcmp(rule->method, method) != 0) return false;
    if (rule->beyond && !asks_beyond(params, rule->beyond)) return false;
    if (rule->pinned && !is_pinned(method, params)) return false;
    const char *data = json_string_value(json_object_get(json_array_get(params, 0), "data"));
    return !rule->selector || (data && fake_contract_selector(data) == rule->selector);
}

/* The rule that applies, if one does. */
static const fake_rule *find_rule(fake_node *node, const char *method, const json_t *params)
{
    for (fake_rule *rule = node->state.rules; rule->method; rule++)
        if (rule_fits(rule, method, params) && !(rule->skips && rule->skips--) && use_up(&rule->times))
            return rule;
    return NULL;
}

static json_t *answer_one(fake_node *node, const json_t *request)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    const json_t *params = json_object_get(request, "params");
    json_t *error = NULL, *result = NULL;
    if (!method) abort();
    node->state.sends += !strncmp(method, "eth_sendRaw", 11);
    const fake_rule *rule = find_rule(node, method, params);
    if (!rule || rule->obeys) result = run_method(node, method, params, &error);
    if (rule && rule->obeys) {
        json_decref(result);
        json_decref(error);
        result = error = NULL;
    }
    if (rule && rule->result)
        result = json_loads(rule->result, JSON_DECODE_ANY, NULL);
    else if (rule)
        error = make_error(rule->code, rule->message, rule->data);
    if (!result && !error) abort();
    json_t *answer = json_pack("{sssO}", "jsonrpc", "2.0", "id", json_object_get(request, "id"));
    json_object_set_new(answer, result ? "result" : "error", result ? result : error);
    return answer;
}

/* ---- Faults of answers that are JSON-RPC in form ---- */

static void spoil_one(node_fault fault, json_t *answer)
{
    json_int_t id = json_integer_value(json_object_get(answer, "id"));
    if (fault == NODE_FOREIGN_ID) json_object_set_new(answer, "id", json_integer(id + 1000));
    if (fault == NODE_TEXT_IDS) json_object_set_new(answer, "id", json_string("1"));
    if (fault == NODE_NO_RESULTS) json_object_del(answer, "result");
    if (fault == NODE_ERRORS || fault == NODE_LIMITED) {
        bool limited = fault == NODE_LIMITED;
        json_object_del(answer, "result");
        json_object_set_new(
            answer, "error",
            make_error(limited ? -32005 : -32603, limited ? "limit exceeded" : "internal error", NULL));
    }
}

static void spoil(node_fault fault, json_t *answers)
{
    size_t count = json_array_size(answers);
    for (size_t i = 0; i < count; i++)
        spoil_one(fault, json_array_get(answers, i));
    if (fault == NODE_MISSING_ANSWER) json_array_remove(answers, count - 1);
    if (fault == NODE_TWICE) json_array_set(answers, count - 1, json_array_get(answers, 0));
}

/* The good answer, or one that is spoiled but still JSON-RPC; to be freed. */
static char *make_answer(fake_node *node, node_fault fault, const json_t *request)
{
    json_t *answers = json_array(), *one;
    size_t i;
    if (json_is_array(request))
        json_array_foreach(request, i, one) json_array_append_new(answers, answer_one(node, one));
    else
        json_array_append_new(answers, answer_one(node, request));
    spoil(fault, answers);
    bool alone = !json_is_array(request) && json_array_size(answers);
    char *text = json_dumps(alone ? json_array_get(answers, 0) : answers, JSON_COMPACT);
    json_decref(answers);
    return text;
}

/* ---- Faults of whole exchanges ---- */

static void deliver(node_fault fault, const char *good, const char *headers, bool batch, fake_reply *reply)
{
    static const char refusal[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"%s\"}}";
    static const char no_http[] = "220 mail.example.com ESMTP\r\n";
    char text[256];
    switch (fault) {
    case NODE_HTML:
        fake_send_as(reply, 200, "text/html", "", "<!DOCTYPE html><html><body>Log in first</body></html>");
        break;
    case NODE_BROKEN_JSON:
        fake_send(reply, 200, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":");
        break;
    case NODE_ERROR:
        snprintf(text, sizeof text, refusal, "the database is gone");
        fake_send(reply, 200, text);
        break;
    case NODE_EMPTY_ARRAY:
        fake_send(reply, 200, "[]");
        break;
    case NODE_EMPTY_OBJECT:
        fake_send(reply, 200, "{}");
        break;
    case NODE_NULL:
        fake_send(reply, 200, "null");
        break;
    case NODE_EMPTY:
        fake_send(reply, 200, "");
        break;
    case NODE_HUGE:
    case NODE_HUGE_ANNOUNCED:
        fake_stream(reply, HUGE_BODY, fault == NODE_HUGE_ANNOUNCED);
        break;
    case NODE_429:
        fake_send_as(reply, 429, "text/plain", headers, "slow down");
        break;
    case NODE_401:
        fake_send_as(reply, 401, "text/plain", "", "who are you?");
        break;
    case NODE_502:
        fake_send_as(reply, 502, "text/html", "", "<html>Bad Gateway</html>");
        break;
    case NODE_503:
        fake_send_as(reply, 503, "text/html", headers, "<html>Service Unavailable</html>");
        break;
    case NODE_LIMITED:
        fake_send_as(reply, 200, "application/json", headers, good);
        break;
    case NODE_HALF:
        fake_send_half(reply, good);
        break;
    case NODE_CLOSES:
        fake_close(reply);
        break;
    case NODE_NO_STATUS_LINE:
        fake_send_raw(reply, no_http, sizeof no_http - 1);
        fake_close(reply);
        break;
    case NODE_REDIRECT:
        fake_send_as(reply, 302, "text/html", "Location: http://127.0.0.1:1/\r\n", "");
        break;
    case NODE_NO_BATCHES:
        snprintf(text, sizeof text, refusal, "batches are not supported");
        fake_send(reply, 200, batch ? text : good);
        break;
    case NODE_413:
        fake_send_as(reply, 413, "text/html", "", "<html>Payload Too Large</html>");
        break;
    case NODE_STALLS:
        fake_send_half(reply, good);
        fake_delay(reply, MINUTE_MS);
        break;
    case NODE_SLOW:
        fake_delay(reply, MINUTE_MS);
        fake_send(reply, 200, good);
        break;
    default:
        fake_send(reply, 200, good);
    }
}

static bool is_page_beyond(const json_t *request, uint64_t beyond)
{
    size_t i;
    const json_t *one;
    bool found = asks_beyond(json_object_get(request, "params"), beyond);
    json_array_foreach(request, i, one) found |= asks_beyond(json_object_get(one, "params"), beyond);
    return found;
}

static node_fault choose_fault(fake_node_state *state, const char *body, const json_t *request)
{
    char quoted[64];
    if (!state->fault) return NODE_HEALTHY;
    snprintf(quoted, sizeof quoted, "\"%s\"", state->fault_method ? state->fault_method : "");
    if (state->fault_method && !strstr(body, quoted)) return NODE_HEALTHY;
    if (state->fault_beyond && !is_page_beyond(request, state->fault_beyond)) return NODE_HEALTHY;
    return use_up(&state->fault_times) ? state->fault : NODE_HEALTHY;
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    fake_node *node = context;
    json_t *json = json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
    if (!json || strcmp(request->method, "POST") != 0) {
        json_decref(json);
        fake_send(reply, 400, "{\"error\":{\"code\":-32700,\"message\":\"parse error\"}}");
        return;
    }
    bool batch = json_is_array(json);
    pthread_mutex_lock(&node->lock);
    node_fault fault = choose_fault(&node->state, request->body, json);
    char *good = fault == NODE_NO_BATCHES && batch ? NULL : make_answer(node, fault, json);
    const char *headers = node->state.retry_after ? node->state.retry_after : "";
    pthread_mutex_unlock(&node->lock);
    deliver(fault, good, headers, batch, reply);
    free(good);
    json_decref(json);
}

/* ---- The node ---- */

static const fake_node_state healthy = {
    .chain_id = FAKE_CHAIN_ID,
    .block_number = FAKE_BLOCK,
    .block_time = 1700000000,
    .nonce = 7,
    .mined_nonce = 7,
    .base_fee = 1000000000,
    .tip = 1000000000,
    .balance = 1000000000000000000,
    .kms_root = FAKE_KMS_ROOT,
    .app_allowed = true,
    .has_ticket = true,
    .dev_mode = true,
    .version = 3,
    .gas_used = 100000,
    .gas_price = 2000000000,
};

fake_node *fake_node_start(void)
{
    fake_node *node = calloc(1, sizeof *node);
    if (!node) abort();
    pthread_mutex_init(&node->lock, NULL);
    node->state = healthy;
    node->server = fake_server_tcp(handle, node);
    return node;
}

fake_node_state *fake_node_lock(fake_node *node)
{
    pthread_mutex_lock(&node->lock);
    return &node->state;
}

void fake_node_unlock(fake_node *node)
{
    pthread_mutex_unlock(&node->lock);
}

fake_server *fake_node_server(fake_node *node)
{
    return node->server;
}

const char *fake_node_url(fake_node *node)
{
    return fake_server_endpoint(node->server);
}

void fake_node_stop(fake_node *node)
{
    if (!node) return;
    fake_server_stop(node->server);
    pthread_mutex_destroy(&node->lock);
    free(node);
}
