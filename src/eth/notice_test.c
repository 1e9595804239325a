/* SPDX-License-Identifier: MIT */
#include "eth/notice.h"

#include "unit.h"

#include <stdio.h>

#define HASH   "\"0x1111111111111111111111111111111111111111111111111111111111111111\""
#define PARENT "\"0x2222222222222222222222222222222222222222222222222222222222222222\""
#define HEAD   "\"number\":\"0x10\",\"timestamp\":\"0x20\",\"hash\":" HASH ",\"parentHash\":" PARENT
#define NOTIFY(result)                                                                                       \
    "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0xab\","            \
    "\"result\":" result "}}"

/* Reads from a block of the text's own size, so that a byte too far is seen. */
static int read_text(const char *text, eth_notice *notice, base_error *error)
{
    size_t len = strlen(text);
    char *copy = unit_copy(text, len);
    int code = eth_notice_read(copy, len, notice, error);
    free(copy);
    return code;
}

static void expect_kind(const char *text, eth_notice_kind kind)
{
    base_error error = {0};
    eth_notice notice;
    read_text(text, &notice, &error);
    expect_ok(&error);
    assert_int_equal(notice.kind, kind);
    eth_notice_free(&notice);
}

static void expect_malformed(const char *text, const char *part)
{
    base_error error = {0};
    eth_notice notice;
    if (!read_text(text, &notice, &error)) fail_msg("believed: %.200s", text);
    assert_null(notice.log);
    eth_notice_free(&notice);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, part);
}

static void test_answers(void **state)
{
    base_error error = {0};
    eth_notice notice;
    (void)state;
    read_text("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x7a69\"}", &notice, &error);
    expect_ok(&error);
    assert_int_equal(notice.kind, ETH_NOTICE_ANSWER);
    assert_int_equal(notice.id, 7);
    assert_string_equal(notice.text, "0x7a69");
    eth_notice_free(&notice);
    expect_kind("{\"id\":0,\"result\":\"\"}", ETH_NOTICE_ANSWER);
    expect_kind("{\"id\":1,\"result\":\"0x1\",\"error\":null}", ETH_NOTICE_ANSWER);
}

static void expect_refusal(const char *text, uint64_t id, const char *why)
{
    base_error error = {0};
    eth_notice notice;
    read_text(text, &notice, &error);
    expect_ok(&error);
    assert_int_equal(notice.kind, ETH_NOTICE_REFUSAL);
    assert_int_equal(notice.id, id);
    assert_string_equal(notice.text, why);
    eth_notice_free(&notice);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refusal("{\"id\":2,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}", 2,
                   "no such method");
    expect_refusal("{\"id\":2,\"error\":{\"code\":-32601}}", 2, "no reason given");
    expect_refusal("{\"id\":2,\"error\":{\"message\":5}}", 2, "no reason given");
    expect_refusal("{\"id\":2,\"error\":\"busy\"}", 2, "no reason given");
    expect_refusal("{\"id\":2,\"error\":{\"message\":\"both\"},\"result\":\"0x1\"}", 2, "both");
    expect_refusal("{\"id\":null,\"error\":{\"message\":\"too many requests\"}}", 0, "too many requests");
}

/* What a node says may end up in a log and on a terminal. */
static void test_control_characters(void **state)
{
    base_error error = {0};
    eth_notice notice;
    (void)state;
    expect_refusal("{\"id\":2,\"error\":{\"message\":\"a\\u001b[2Jb\\nc\\u007fd\"}}", 2, "a?[2Jb?c?d");
    expect_refusal("{\"id\":2,\"error\":{\"message\":\"\\u202e\"}}", 2, "???");
    read_text("{\"id\":2,\"result\":\"\\u0007\\r\\n\"}", &notice, &error);
    expect_ok(&error);
    assert_string_equal(notice.text, "???");
    eth_notice_free(&notice);
    expect_malformed("{\"id\":2,\"result\":\"a\\u0000b\"}", "no JSON object");
}

static void test_long_texts(void **state)
{
    char text[512], long_text[400];
    base_error error = {0};
    eth_notice notice;
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    snprintf(text, sizeof text, "{\"id\":2,\"error\":{\"message\":\"%.*s\"}}", 300, long_text);
    read_text(text, &notice, &error);
    expect_ok(&error);
    assert_int_equal(strlen(notice.text), sizeof notice.text - 1);
    eth_notice_free(&notice);
    snprintf(text, sizeof text, "{\"id\":2,\"result\":\"%.*s\"}", 255, long_text);
    expect_kind(text, ETH_NOTICE_ANSWER);
    snprintf(text, sizeof text, "{\"id\":2,\"result\":\"%.*s\"}", 256, long_text);
    expect_malformed(text, "no result");
    static const char notify[] = "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"%.*s\"}}";
    snprintf(text, sizeof text, notify, ETH_SUBSCRIPTION_TEXT - 1, long_text);
    expect_kind(text, ETH_NOTICE_OTHER);
    snprintf(text, sizeof text, notify, ETH_SUBSCRIPTION_TEXT, long_text);
    expect_malformed(text, "without a subscription");
}

static void test_malformed_answers(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "no JSON object"},
        {" ", "no JSON object"},
        {"null", "no JSON object"},
        {"5", "no JSON object"},
        {"\"text\"", "no JSON object"},
        {"[]", "no JSON object"},
        {"[{\"id\":1,\"result\":\"0x1\"}]", "no JSON object"},
        {"{\"id\":1,\"result\":\"0x1\"} x", "no JSON object"},
        {"{\"id\":1,\"id\":2,\"result\":\"0x1\"}", "no JSON object"},
        {"{\"id\":1,\"result\":\"0x1\",\"result\":\"0x2\"}", "no JSON object"},
        {"{\"id\":1,\"result\":\"\xff\"}", "no JSON object"},
        {"{\"id\":99999999999999999999,\"result\":\"0x1\"}", "no JSON object"},
        {"{}", "without an id"},
        {"{\"result\":\"0x1\"}", "without an id"},
        {"{\"error\":{\"message\":\"whose?\"}}", "without an id"},
        {"{\"id\":null,\"result\":\"0x1\"}", "without an id"},
        {"{\"id\":\"1\",\"result\":\"0x1\"}", "without an id"},
        {"{\"id\":1.0,\"result\":\"0x1\"}", "without an id"},
        {"{\"id\":-1,\"result\":\"0x1\"}", "without an id"},
        {"{\"id\":true,\"result\":\"0x1\"}", "without an id"},
        {"{\"id\":1}", "no result"},
        {"{\"id\":1,\"result\":null}", "no result"},
        {"{\"id\":1,\"result\":5}", "no result"},
        {"{\"id\":1,\"result\":[\"0x1\"]}", "no result"},
        {"{\"id\":1,\"result\":{}}", "no result"},
        {"{\"id\":1,\"result\":true,\"error\":null}", "no result"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_malformed(cases[i].text, cases[i].part);
}

static void test_heads(void **state)
{
    base_error error = {0};
    eth_notice notice;
    (void)state;
    read_text(NOTIFY("{" HEAD ",\"gasUsed\":\"0x0\"}"), &notice, &error);
    expect_ok(&error);
    assert_int_equal(notice.kind, ETH_NOTICE_HEAD);
    assert_string_equal(notice.subscription, "0xab");
    assert_int_equal(notice.head.number, 16);
    assert_int_equal(notice.head.time, 32);
    assert_hex(notice.head.hash32, 32, "1111111111111111111111111111111111111111111111111111111111111111");
    assert_hex(notice.head.parent32, 32, "2222222222222222222222222222222222222222222222222222222222222222");
    eth_notice_free(&notice);
}

/* A good head with one member replaced, or left out. */
static void expect_bad_head(const char *name, const char *value)
{
    json_t *root = json_loads(NOTIFY("{" HEAD "}"), 0, NULL);
    json_t *head = json_object_get(json_object_get(root, "params"), "result");
    json_t *json = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
    assert_true(json || !value);
    if (json)
        json_object_set_new(head, name, json);
    else
        json_object_del(head, name);
    char *text = json_dumps(root, JSON_COMPACT);
    expect_malformed(text, "without number, time, hash or parent");
    free(text);
    json_decref(root);
}

static void test_malformed_heads(void **state)
{
    static const char *const numbers[] = {
        NULL,      "null", "16", "\"16\"", "\"0x\"", "\"0x10000000000000000\"",
        "\"0xg\"", "[]",   "{}", "\"\"",   "true"};
    static const char *const hashes[] = {
        "null",
        "1",
        "\"0x\"",
        "\"0x11\"",
        "[]",
        "\"0x111111111111111111111111111111111111111111111111111111111111111g\"",
        "\"1111111111111111111111111111111111111111111111111111111111111111\""};
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        expect_bad_head("number", numbers[i]);
        expect_bad_head("timestamp", numbers[i]);
    }
    expect_bad_head("hash", NULL);
    for (size_t i = 0; i < COUNT(hashes); i++) {
        expect_bad_head("hash", hashes[i]);
        expect_bad_head("parentHash", hashes[i]);
    }
}

static void expect_log(const char *text, uint64_t number, bool removed)
{
    base_error error = {0};
    eth_notice notice;
    read_text(text, &notice, &error);
    expect_ok(&error);
    assert_int_equal(notice.kind, ETH_NOTICE_LOG);
    assert_int_equal(notice.log_number, number);
    assert_int_equal(notice.removed, removed);
    assert_non_null(json_object_get(notice.log, "topics"));
    eth_notice_free(&notice);
    assert_null(notice.log);
}

static void test_logs(void **state)
{
    (void)state;
    expect_log(NOTIFY("{\"topics\":[],\"blockNumber\":\"0x11\"}"), 17, false);
    expect_log(NOTIFY("{\"topics\":[],\"blockNumber\":\"0x11\",\"removed\":false}"), 17, false);
    expect_log(NOTIFY("{\"topics\":[],\"blockNumber\":\"0x11\",\"removed\":true}"), 17, true);
    expect_log(NOTIFY("{\"topics\":5,\"blockNumber\":\"0x7fffffffffffffff\"}"), INT64_MAX, false);
    expect_malformed(NOTIFY("{\"topics\":[]}"), "log entry without a block");
    expect_malformed(NOTIFY("{\"topics\":[],\"blockNumber\":null}"), "log entry without a block");
    expect_malformed(NOTIFY("{\"topics\":[],\"blockNumber\":17}"), "log entry without a block");
    expect_malformed(NOTIFY("{\"topics\":[],\"blockNumber\":\"0x8000000000000000\"}"),
                     "log entry without a block");
}

/* Notifications of something else are not ours to judge. */
static void test_others(void **state)
{
    (void)state;
    expect_kind("{\"method\":\"net_hello\",\"params\":[]}", ETH_NOTICE_OTHER);
    expect_kind("{\"method\":5}", ETH_NOTICE_OTHER);
    expect_kind("{\"method\":null,\"id\":1,\"result\":\"0x1\"}", ETH_NOTICE_OTHER);
    expect_kind(NOTIFY("{\"syncing\":true}"), ETH_NOTICE_OTHER);
    expect_kind(NOTIFY("\"0x1234\""), ETH_NOTICE_OTHER);
    expect_kind(NOTIFY("null"), ETH_NOTICE_OTHER);
    expect_kind("{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0xab\"}}", ETH_NOTICE_OTHER);
    expect_malformed("{\"method\":\"eth_subscription\"}", "without a subscription");
    expect_malformed("{\"method\":\"eth_subscription\",\"params\":[]}", "without a subscription");
    expect_malformed("{\"method\":\"eth_subscription\",\"params\":{\"subscription\":171}}",
                     "without a subscription");
    expect_malformed(NOTIFY("{\"topics\":[],\"topics\":[]}"), "no JSON object");
}

/* A message that is cut at any byte is none. */
static void test_cut_anywhere(void **state)
{
    static const char *const whole[] = {"{\"id\":1,\"result\":\"0x7a69\"}",
                                        "{\"id\":1,\"error\":{\"message\":\"no\"}}", NOTIFY("{" HEAD "}"),
                                        NOTIFY("{\"topics\":[],\"blockNumber\":\"0x11\",\"removed\":true}")};
    (void)state;
    for (size_t i = 0; i < COUNT(whole); i++) {
        size_t len = strlen(whole[i]);
        for (size_t cut = 0; cut < len; cut++) {
            char *text = strndup(whole[i], cut);
            expect_malformed(text, "no JSON object");
            free(text);
        }
    }
}

static void fill(char *text, size_t len, const char *pattern)
{
    size_t step = strlen(pattern);
    for (size_t i = 0; i < len; i++)
        text[i] = pattern[i % step];
    text[len] = '\0';
}

/* As large as a WebSocket's message may be, and as deep. */
static void test_large_and_deep(void **state)
{
    enum { LARGE = 128 * 1024 };
    static const char *const patterns[] = {"[", "{\"a\":", "[{},", "\"", "9", "{}", "\\"};
    char *text = malloc(LARGE + 1);
    (void)state;
    for (size_t i = 0; i < COUNT(patterns); i++) {
        fill(text, LARGE, patterns[i]);
        expect_malformed(text, "no JSON object");
    }
    fill(text, LARGE, " ");
    memcpy(text, "{\"id\":1,\"result\":\"0x1\"", 22);
    text[LARGE - 1] = '}';
    expect_kind(text, ETH_NOTICE_ANSWER);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_malformed_answers),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_malformed_heads),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_large_and_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
