/* SPDX-License-Identifier: MIT */
#include "eth/batch.h"

#include "unit.h"

#include <stdio.h>

/* Three requests with the ids 7, 8 and 9. */
static void make_three(eth_batch *batch)
{
    uint64_t next_id = 7;
    base_buf out = base_buf_make(4096);
    eth_batch_init(batch);
    eth_batch_add(batch, "eth_chainId", "[]");
    eth_batch_add(batch, "eth_getBalance", "[\"%s\",\"latest\"]", "0xab");
    eth_batch_add(batch, "eth_blockNumber", "[]");
    assert_true(eth_batch_write(batch, 0, 3, &next_id, &out));
    assert_int_equal(next_id, 10);
    base_buf_free(&out);
}

static int read_three(eth_batch *batch, const char *text, base_error *error)
{
    char *copy = unit_copy(text, strlen(text)); /* not NUL-terminated */
    make_three(batch);
    int code = eth_batch_read(batch, 0, 3, copy, strlen(text), error);
    free(copy);
    return code;
}

static void expect_refused(const char *text, int code, const char *part)
{
    eth_batch batch;
    base_error error = {0};
    assert_int_equal(read_three(&batch, text, &error), code);
    expect_error(&error, code, part);
    eth_batch_free(&batch);
}

static int read_one(eth_batch *batch, const char *text, base_error *error)
{
    uint64_t next_id = 1;
    base_buf out = base_buf_make(4096);
    eth_batch_init(batch);
    eth_batch_add(batch, "eth_chainId", "[]");
    assert_true(eth_batch_write(batch, 0, 1, &next_id, &out));
    base_buf_free(&out);
    return eth_batch_read(batch, 0, 1, text, strlen(text), error);
}

static void expect_one_refused(const char *text, int code, const char *part)
{
    eth_batch batch;
    base_error error = {0};
    assert_int_equal(read_one(&batch, text, &error), code);
    expect_error(&error, code, part);
    eth_batch_free(&batch);
}

/* Appends the bytes of a result. */
static bool read_data(const eth_request *request, base_buf *out)
{
    const void *data;
    size_t len;
    base_buf own = base_buf_make(1 << 20);
    bool ok = eth_request_data(request, &own, &data, &len) && base_buf_append(out, data, len);
    base_buf_free(&own);
    return ok;
}

/* ---- Writing ---- */

static void test_write_one(void **state)
{
    eth_batch batch;
    uint64_t next_id = 41;
    base_buf out = base_buf_make(4096);
    (void)state;
    eth_batch_init(&batch);
    assert_int_equal(eth_batch_add(&batch, "eth_chainId", "[]"), 0);
    assert_true(eth_batch_write(&batch, 0, 1, &next_id, &out));
    assert_string_equal(out.data, "{\"jsonrpc\":\"2.0\",\"id\":41,\"method\":\"eth_chainId\",\"params\":[]}");
    assert_int_equal(next_id, 42);
    base_buf_free(&out);
    eth_batch_free(&batch);
}

static void test_write_several(void **state)
{
    static const uint8_t to[20] = {0x5f, [19] = 0xa3};
    eth_batch batch;
    uint64_t next_id = UINT64_C(1) << 40;
    base_buf out = base_buf_make(4096), data = base_buf_make(4);
    (void)state;
    eth_batch_init(&batch);
    base_buf_append(&data, "\x54\xfd\x4d\x50", 4);
    eth_batch_add(&batch, "eth_chainId", "[]");
    assert_int_equal(eth_batch_add(&batch, "eth_getBlockByNumber", "[\"%s\",false]", "latest"), 1);
    assert_int_equal(eth_batch_add_call(&batch, to, &data, "0x10"), 2);
    assert_true(eth_batch_write(&batch, 1, 2, &next_id, &out));
    assert_string_equal(
        out.data, "[{\"jsonrpc\":\"2.0\",\"id\":1099511627776,\"method\":\"eth_getBlockByNumber\",\"params\":"
                  "[\"latest\",false]},"
                  "{\"jsonrpc\":\"2.0\",\"id\":1099511627777,\"method\":\"eth_call\",\"params\":[{\"to\":"
                  "\"0x5f000000000000000000000000000000000000a3\",\"data\":\"0x54fd4d50\"},\"0x10\"]}]");
    base_buf_free(&out);
    base_buf_free(&data);
    eth_batch_free(&batch);
}

/* Longer than a format may make them. */
static void test_params_as_they_are(void **state)
{
    eth_batch batch;
    uint64_t next_id = 5;
    base_buf out = base_buf_make(1 << 20), params = base_buf_make(4096);
    (void)state;
    base_buf_puts(&params, "[\"");
    for (int i = 0; i < 1000; i++)
        base_buf_puts(&params, "%s");
    base_buf_puts(&params, "\"]");
    eth_batch_init(&batch);
    assert_int_equal(eth_batch_add_params(&batch, "eth_getLogs", &params), 0);
    assert_true(eth_batch_write(&batch, 0, 1, &next_id, &out));
    assert_non_null(strstr(out.data, "\"method\":\"eth_getLogs\",\"params\":[\"%s%s"));
    assert_non_null(strstr(out.data, params.data));
    eth_batch_free(&batch);
    base_buf_free(&out);
    base_buf_free(&params);
}

static void test_what_does_not_fit_is_told(void **state)
{
    eth_batch batch;
    uint64_t next_id = 1;
    char longest[300];
    base_buf out = base_buf_make(1 << 20), small = base_buf_make(50), failed = base_buf_make(1);
    (void)state;
    eth_batch_init(&batch);
    for (size_t i = 0; i < ETH_BATCH_MAX; i++)
        assert_int_equal(eth_batch_add(&batch, "eth_chainId", "[]"), i);
    assert_true(eth_batch_write(&batch, 0, batch.count, &next_id, &out));
    assert_false(eth_batch_write(&batch, 0, batch.count, &next_id, &small));
    eth_batch_add(&batch, "eth_chainId", "[]");
    assert_int_equal(batch.count, ETH_BATCH_MAX);
    assert_false(eth_batch_write(&batch, 0, batch.count, &next_id, &out));
    eth_batch_free(&batch);

    eth_batch_init(&batch);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    eth_batch_add(&batch, "eth_getBalance", "[\"%s\"]", longest);
    assert_true(batch.failed);
    eth_batch_free(&batch);

    eth_batch_init(&batch);
    base_buf_append(&failed, "ab", 2);
    eth_batch_add_params(&batch, "eth_getLogs", &failed);
    assert_true(batch.failed);
    eth_batch_free(&batch);

    eth_batch_init(&batch);
    eth_batch_add_call(&batch, (const uint8_t[20]){0}, &failed, "latest");
    assert_true(batch.failed);
    eth_batch_free(&batch);
    base_buf_free(&out);
    base_buf_free(&small);
    base_buf_free(&failed);
}

/* ---- Reading ---- */

static void expect_results(const char *text, const char *first, const char *second, const char *third)
{
    eth_batch batch;
    base_error error = {0};
    read_three(&batch, text, &error);
    expect_ok(&error);
    assert_string_equal(json_string_value(batch.requests[0].result), first);
    assert_string_equal(json_string_value(batch.requests[1].result), second);
    assert_string_equal(json_string_value(batch.requests[2].result), third);
    eth_batch_free(&batch);
}

static void test_answers_in_any_order(void **state)
{
    (void)state;
    expect_results("[{\"id\":7,\"result\":\"a\"},{\"id\":8,\"result\":\"b\"},{\"id\":9,\"result\":\"c\"}]",
                   "a", "b", "c");
    expect_results("[{\"id\":9,\"result\":\"c\"},{\"id\":8,\"result\":\"b\"},{\"id\":7,\"result\":\"a\"}]",
                   "a", "b", "c");
    expect_results(
        " [ {\"result\":\"b\",\"id\":8,\"jsonrpc\":\"2.0\"},{\"id\":7,\"result\":\"a\",\"error\":null},"
        "{\"result\":\"c\",\"id\":9}]\n",
        "a", "b", "c");
}

static void test_null_is_a_result(void **state)
{
    eth_batch batch;
    base_error error = {0};
    (void)state;
    read_one(&batch, "{\"id\":1,\"result\":null}", &error);
    expect_ok(&error);
    assert_true(json_is_null(batch.requests[0].result));
    eth_batch_free(&batch);
}

static void test_answers_missing_or_too_many(void **state)
{
    (void)state;
    expect_refused("[{\"id\":7,\"result\":1},{\"id\":9,\"result\":1}]", DSTACK_P2P_ERR_RPC_ANSWER, "2 of 3");
    expect_refused("[]", DSTACK_P2P_ERR_RPC_ANSWER, "0 of 3");
    expect_refused(
        "[{\"id\":7,\"result\":1},{\"id\":8,\"result\":1},{\"id\":9,\"result\":1},{\"id\":10,\"result\":1}]",
        DSTACK_P2P_ERR_RPC_ANSWER, "4 of 3");
    expect_refused("[{\"id\":7,\"result\":1},{\"id\":7,\"result\":1},{\"id\":9,\"result\":1}]",
                   DSTACK_P2P_ERR_RPC_ANSWER, "another request");
    expect_refused("[{\"id\":7,\"error\":{}},{\"id\":7,\"result\":1},{\"id\":9,\"result\":1}]",
                   DSTACK_P2P_ERR_RPC_ANSWER, "another request");
}

static void test_foreign_ids(void **state)
{
    static const char *const ids[] = {"6",
                                      "10",
                                      "0",
                                      "-1",
                                      "-9223372036854775808",
                                      "9223372036854775807",
                                      "4294967303",
                                      "\"7\"",
                                      "null",
                                      "7.0",
                                      "true",
                                      "[7]",
                                      "{}"};
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "[{\"id\":%s,\"result\":1},{\"id\":8,\"result\":1},{\"id\":9,\"result\":1}]", ids[i]);
        expect_refused(text, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered");
        snprintf(text, sizeof text, "{\"id\":%s,\"result\":1}", ids[i]);
        expect_one_refused(text, DSTACK_P2P_ERR_RPC_ANSWER, "the node answered");
    }
    expect_one_refused("{\"result\":1}", DSTACK_P2P_ERR_RPC_ANSWER, "without a request id");
    expect_one_refused("{\"id\":18446744073709551616,\"result\":1}", DSTACK_P2P_ERR_RPC_ANSWER, "not JSON");
}

static void test_neither_result_nor_error(void **state)
{
    static const char *const texts[] = {"{\"id\":1}", "{\"id\":1,\"error\":null}",
                                        "{\"id\":1,\"error\":\"text\"}", "{\"id\":1,\"Result\":1}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_one_refused(texts[i], DSTACK_P2P_ERR_RPC_ANSWER, "neither a result nor an error");
}

static void test_error_of_one_request(void **state)
{
    eth_batch batch;
    base_error error = {0};
    (void)state;
    read_three(
        &batch,
        "[{\"id\":7,\"result\":\"a\"},{\"id\":8,\"error\":{\"code\":-32000,\"message\":\"no\\u0007 such\"}},"
        "{\"id\":9,\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x812aa38e\"}}]",
        &error);
    expect_ok(&error);
    assert_false(batch.requests[0].has_error);
    assert_true(batch.requests[1].has_error && batch.requests[1].error_code == -32000);
    assert_string_equal(batch.requests[1].error_message, "no? such");
    assert_int_equal(batch.requests[1].error_data.len, 0);
    assert_int_equal(batch.requests[2].error_code, 3);
    assert_hex(batch.requests[2].error_data.data, batch.requests[2].error_data.len, "812aa38e");
    assert_int_equal(eth_request_check(&batch.requests[0], &error), 0);
    eth_request_check(&batch.requests[1], &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ERROR, "refused eth_getBalance: no? such (code -32000)");
    eth_batch_forget_answers(&batch);
    for (size_t i = 0; i < 3; i++)
        assert_true(!batch.requests[i].result && !batch.requests[i].has_error &&
                    !batch.requests[i].error_data.len);
    eth_batch_free(&batch);
}

/* Nodes put revert data at different depths, or elsewhere, or nowhere. */
static void test_places_of_revert_data(void **state)
{
    static const struct {
        const char *data, *hex;
    } cases[] = {{"\"0x0102\"", "0102"},
                 {"{\"data\":\"0x0102\"}", "0102"},
                 {"{\"data\":\"0x0102\",\"txHash\":\"0x\"}", "0102"},
                 {"\"0x\"", ""},
                 {"\"Reverted 0x0102\"", ""},
                 {"\"0x010\"", ""},
                 {"\"0x01zz\"", ""},
                 {"{\"data\":{\"data\":\"0x0102\"}}", ""},
                 {"{\"data\":null}", ""},
                 {"{}", ""},
                 {"null", ""},
                 {"7", ""},
                 {"[\"0x0102\"]", ""}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        eth_batch batch;
        base_error error = {0};
        snprintf(text, sizeof text, "{\"id\":1,\"error\":{\"code\":3,\"message\":\"m\",\"data\":%s}}",
                 cases[i].data);
        read_one(&batch, text, &error);
        expect_ok(&error);
        assert_hex(batch.requests[0].error_data.data ? batch.requests[0].error_data.data : "",
                   batch.requests[0].error_data.len, cases[i].hex);
        eth_batch_free(&batch);
    }
}

/* Some put there what went wrong: it belongs to the sentence. */
static void test_words_in_the_place_of_revert_data(void **state)
{
    static const struct {
        const char *data, *message;
    } cases[] = {{"\"Out of gas\"", "VM execution error. (Out of gas)"},
                 {"{\"data\":\"no\\u0007 such\"}", "VM execution error. (no? such)"},
                 {"\"0x01\"", "VM execution error."},
                 {"\"0x01zz\"", "VM execution error."},
                 {"null", "VM execution error."}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        eth_batch batch;
        base_error error = {0};
        snprintf(text, sizeof text, "{\"id\":1,\"error\":{\"message\":\"VM execution error.\",\"data\":%s}}",
                 cases[i].data);
        read_one(&batch, text, &error);
        expect_ok(&error);
        assert_string_equal(batch.requests[0].error_message, cases[i].message);
        eth_batch_free(&batch);
    }
}

static void test_error_without_words(void **state)
{
    static const char *const errors[] = {"{}", "{\"code\":\"3\"}", "{\"message\":7}",
                                         "{\"code\":null,\"message\":null}"};
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        char text[256];
        eth_batch batch;
        base_error error = {0};
        snprintf(text, sizeof text, "{\"id\":1,\"error\":%s}", errors[i]);
        read_one(&batch, text, &error);
        expect_ok(&error);
        eth_request_check(&batch.requests[0], &error);
        expect_error(&error, DSTACK_P2P_ERR_RPC_ERROR, "no message (code 0)");
        eth_batch_free(&batch);
    }
}

static void test_rate_limits(void **state)
{
    static const int codes[] = {429, -32005};
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        char text[256];
        eth_batch batch;
        base_error error = {0};
        snprintf(text, sizeof text, "{\"id\":1,\"error\":{\"code\":%d,\"message\":\"slow down\"}}", codes[i]);
        read_one(&batch, text, &error);
        eth_request_check(&batch.requests[0], &error);
        expect_error(&error, DSTACK_P2P_ERR_RPC_LIMITED, "slow down");
        eth_batch_free(&batch);
        snprintf(text, sizeof text, "{\"id\":null,\"error\":{\"code\":%d,\"message\":\"slow down\"}}",
                 codes[i]);
        expect_refused(text, DSTACK_P2P_ERR_RPC_LIMITED, "slow down");
    }
}

static void test_refusal_of_the_whole_batch(void **state)
{
    (void)state;
    expect_refused(
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch too large\"}}",
        DSTACK_P2P_ERR_RPC_ERROR, "batch too large");
    expect_refused("{\"error\":{\"message\":\"no batches\",\"data\":\"0x01\"}}", DSTACK_P2P_ERR_RPC_ERROR,
                   "no batches");
    expect_refused("{\"id\":7,\"error\":{\"message\":\"no batches\"}}", DSTACK_P2P_ERR_RPC_ERROR,
                   "no batches");
    expect_refused("{\"id\":7,\"result\":\"0x1\"}", DSTACK_P2P_ERR_RPC_ERROR, "as if it were one");
    expect_refused("[{\"id\":null,\"error\":{\"message\":\"no batches\"}}]", DSTACK_P2P_ERR_RPC_ERROR,
                   "no batches");
}

/* With one request there is no doubt whose error it is, whatever the id. */
static void test_error_without_id_for_one_request(void **state)
{
    eth_batch batch;
    base_error error = {0};
    (void)state;
    read_one(&batch, "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}", &error);
    expect_ok(&error);
    assert_true(batch.requests[0].has_error);
    assert_string_equal(batch.requests[0].error_message, "parse error");
    eth_batch_free(&batch);
}

/* Long hex data goes around the JSON parser and comes out the same; what is not hex is no data. */
static void test_long_data(void **state)
{
    enum { BYTES = 5000 };
    static const char *const ends[] = {"", "g", "0", "\\u0030", "\\\\"};
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        eth_batch batch;
        base_error error = {0};
        base_buf text = base_buf_make(1 << 20), out = base_buf_make(1 << 20);
        base_buf_puts(&text, "[{\"id\":9,\"result\":\"a\\\"b\"},{\"result\":\"0x");
        for (int n = 0; n < BYTES; n++)
            base_buf_printf(&text, "%02X", (unsigned)n & 0xff);
        base_buf_printf(&text, "%s\",\"id\":8},{\"id\":7,\"result\":\"0x!0\"}]", ends[i]);
        assert_int_equal(read_three(&batch, text.data, &error), 0);
        assert_string_equal(json_string_value(batch.requests[2].result), "a\"b");
        assert_int_equal(read_data(&batch.requests[1], &out), i == 0);
        for (size_t n = 0; i == 0 && n < BYTES; n++)
            assert_int_equal((uint8_t)out.data[n], n & 0xff);
        if (i == 0) assert_int_equal(out.len, BYTES);
        base_buf_free(&text);
        base_buf_free(&out);
        eth_batch_free(&batch);
    }
}

static void put_digits(base_buf *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        base_buf_puts(text, "7");
}

/* Strings of about the length from which on they go around: one way or the other, the same bytes. */
static void test_data_of_lengths_around_the_long(void **state)
{
    (void)state;
    for (size_t digits = 4080; digits <= 4110; digits++) {
        eth_batch batch;
        base_error error = {0};
        base_buf text = base_buf_make(1 << 16), out = base_buf_make(1 << 16);
        base_buf_puts(&text, "{\"id\":1,\"result\":\"0x");
        put_digits(&text, digits);
        base_buf_puts(&text, "\"}");
        assert_int_equal(read_one(&batch, text.data, &error), 0);
        assert_int_equal(read_data(&batch.requests[0], &out), digits % 2 == 0);
        if (digits % 2 == 0) {
            assert_int_equal(out.len, digits / 2);
            for (size_t i = 0; i < out.len; i++)
                assert_int_equal(out.data[i], 0x77);
        }
        base_buf_free(&text);
        base_buf_free(&out);
        eth_batch_free(&batch);
    }
}

/* Cut anywhere, an answer with long data is none. */
static void test_every_truncation_of_long_data(void **state)
{
    base_buf text = base_buf_make(1 << 16);
    (void)state;
    base_buf_puts(&text, "{\"id\":1,\"result\":\"0x");
    put_digits(&text, 4200);
    base_buf_puts(&text, "\",\"x\":\"\\\\\"}");
    for (size_t len = 0; len < text.len; len++) {
        eth_batch batch;
        base_error error = {0};
        char *cut = unit_copy(text.data, len + 1);
        cut[len] = '\0';
        assert_int_equal(read_one(&batch, cut, &error), DSTACK_P2P_ERR_RPC_ANSWER);
        eth_batch_free(&batch);
        free(cut);
    }
    base_buf_free(&text);
}

/* Long strings where no data belongs, more of them than are taken out, and marks that were sent as such. */
static void test_long_strings_elsewhere(void **state)
{
    static const char *const before[] = {"{\"id\":1,\"result\":\"0x01\",\"0x",
                                         "{\"id\":1,\"result\":{\"a\":\"0x",
                                         "{\"id\":1,\"error\":{\"message\":\"0x",
                                         "{\"id\":1,\"error\":{\"data\":\"0x",
                                         "{\"id\":\"0x",
                                         "\"0x",
                                         "0x"};
    static const char *const after[] = {"\":1}", "\"}}", "\"}}", "\"}}", "\",\"result\":1}", "\"", "\""};
    static const int codes[] = {
        0, 0, 0, 0, DSTACK_P2P_ERR_RPC_ANSWER, DSTACK_P2P_ERR_RPC_ANSWER, DSTACK_P2P_ERR_RPC_ANSWER};
    (void)state;
    for (size_t i = 0; i < COUNT(before); i++) {
        eth_batch batch;
        base_error error = {0};
        base_buf text = base_buf_make(1 << 16), out = base_buf_make(1 << 16);
        base_buf_puts(&text, before[i]);
        put_digits(&text, 5000);
        base_buf_puts(&text, after[i]);
        assert_int_equal(read_one(&batch, text.data, &error), codes[i]);
        assert_int_equal(read_data(&batch.requests[0], &out), i == 0);
        assert_int_equal(out.len, i == 0);
        base_buf_free(&text);
        base_buf_free(&out);
        eth_batch_free(&batch);
    }
    for (int i = 0; i < 20; i++) {
        char text[64];
        eth_batch batch;
        base_error error = {0};
        base_buf out = base_buf_make(64);
        snprintf(text, sizeof text, "{\"id\":1,\"result\":\"0x!%d\"}", i);
        assert_int_equal(read_one(&batch, text, &error), 0);
        assert_false(read_data(&batch.requests[0], &out));
        base_buf_free(&out);
        eth_batch_free(&batch);
    }
}

static void test_more_long_strings_than_are_taken_out(void **state)
{
    enum { MANY = 24, BYTES = 3000 };
    eth_batch batch;
    uint64_t next_id = 0;
    base_error error = {0};
    base_buf request = base_buf_make(1 << 16), text = base_buf_make(1 << 20);
    (void)state;
    eth_batch_init(&batch);
    for (int i = 0; i < MANY; i++)
        eth_batch_add(&batch, "eth_call", "[]");
    assert_true(eth_batch_write(&batch, 0, MANY, &next_id, &request));
    for (int i = 0; i < MANY; i++) {
        base_buf_printf(&text, "%s{\"id\":%d,\"result\":\"0x%02x", i ? "," : "[", i, i);
        put_digits(&text, 2 * BYTES);
        base_buf_puts(&text, "\"}");
    }
    base_buf_puts(&text, "]");
    assert_int_equal(eth_batch_read(&batch, 0, MANY, text.data, text.len, &error), 0);
    for (int i = 0; i < MANY; i++) {
        base_buf out = base_buf_make(2 * BYTES);
        assert_true(read_data(&batch.requests[i], &out));
        assert_int_equal(out.len, BYTES + 1);
        assert_int_equal(out.data[0], i);
        base_buf_free(&out);
    }
    eth_batch_forget_answers(&batch);
    assert_int_equal(batch.requests[0].long_data.len, 0);
    base_buf_free(&request);
    base_buf_free(&text);
    eth_batch_free(&batch);
}

/* Parsing takes many times the size of an answer that is all punctuation. */
static void test_too_many_parts(void **state)
{
    base_buf text = base_buf_make(1 << 20);
    (void)state;
    base_buf_puts(&text, "[");
    for (int n = 0; n < 65536; n++)
        base_buf_puts(&text, "1,");
    base_buf_puts(&text, "1]");
    expect_one_refused(text.data, DSTACK_P2P_ERR_RPC_ANSWER, "more than 65536 parts");

    eth_batch batch;
    base_error error = {0};
    read_one(&batch, text.data, &error);
    assert_true(batch.too_large);
    eth_batch_forget_answers(&batch);
    assert_false(batch.too_large);
    eth_batch_free(&batch);
    base_buf_free(&text);
}

/* Some nodes answer an array to one request that was not in one: taken, if it is the answer. */
static void test_array_for_one_request(void **state)
{
    eth_batch batch;
    base_error error = {0};
    (void)state;
    read_one(&batch, "[{\"id\":1,\"result\":\"a\"}]", &error);
    expect_ok(&error);
    assert_string_equal(json_string_value(batch.requests[0].result), "a");
    eth_batch_free(&batch);
}

static void test_no_json(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "<html><body>502 Bad Gateway</body></html>",
        "[{\"id\":7,\"result\":1},{\"id\":8,",
        "[{\"id\":7,\"result\":1}",
        "{\"id\":1,\"result\":\"0x",
        "{\"id\":1,\"result\":1} {}",
        "{\"id\":1,\"id\":1,\"result\":1}",
        "{\"id\":1,\"result\":1,\"result\":2}",
        "{\"id\":1,\"result\":{\"a\":1,\"a\":2}}",
        "{'id':1}",
        "{\"id\":01}",
        "{\"id\":1,\"result\":\"\xff\"}",
        "\xef\xbb\xbf{\"id\":1,\"result\":1}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        expect_one_refused(texts[i], DSTACK_P2P_ERR_RPC_ANSWER, "not JSON");
        expect_refused(texts[i], DSTACK_P2P_ERR_RPC_ANSWER, "not JSON");
    }
}

/* As anvil says that AnchorUnknown(121) was the reason. */
static void test_zero_bytes(void **state)
{
    static const char text[] =
        "{\"id\":1,\"error\":{\"code\":3,\"message\":\"execution reverted: "
        "\\f\\u0003\\t\\u0010\\u0000\\u0000y\","
        "\"data\":\"0x0c0309100000000000000000000000000000000000000000000000000000000000000079\"}}";
    eth_batch batch;
    base_error error = {0};
    (void)state;
    assert_int_equal(read_one(&batch, text, &error), 0);
    assert_true(batch.requests[0].has_error);
    assert_non_null(strstr(batch.requests[0].error_message, "execution reverted"));
    assert_int_equal(batch.requests[0].error_data.len, 36);
    eth_batch_free(&batch);
    expect_one_refused("{\"id\":1,\"result\":\"a\\u0000b\"}", DSTACK_P2P_ERR_RPC_ANSWER, "zero byte");
}

static void test_json_that_is_no_answer(void **state)
{
    static const char *const texts[] = {"1",       "\"text\"",         "null",       "true",
                                        "[1,2,3]", "[null,null,null]", "[[],[],[]]", "{}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        eth_batch batch;
        base_error error = {0};
        assert_int_not_equal(read_three(&batch, texts[i], &error), 0);
        eth_batch_free(&batch);
        error = (base_error){0};
        assert_int_equal(read_one(&batch, texts[i], &error), DSTACK_P2P_ERR_RPC_ANSWER);
        eth_batch_free(&batch);
    }
}

static void test_every_truncation(void **state)
{
    static const char text[] =
        "[{\"id\":7,\"result\":\"a\"},{\"id\":8,\"error\":{\"code\":3,\"message\":\"m\",\"data\":"
        "{\"data\":\"0x01\"}}},{\"id\":9,\"result\":{\"number\":\"0x1\",\"list\":[1,2]}}]";
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char cut[sizeof text];
        memcpy(cut, text, len);
        cut[len] = '\0';
        expect_refused(cut, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON");
    }
}

static void test_deep_nesting(void **state)
{
    enum { DEPTH = 65000 };
    static const char *const marks[] = {"[", "{\"a\":"};
    (void)state;
    for (size_t i = 0; i < COUNT(marks); i++) {
        base_buf text = base_buf_make(1 << 20);
        eth_batch batch;
        base_error error = {0};
        for (int n = 0; n < DEPTH; n++)
            base_buf_puts(&text, marks[i]);
        read_one(&batch, text.data, &error);
        expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "not JSON");
        eth_batch_free(&batch);
        base_buf_free(&text);
    }
}

static void test_control_bytes_do_not_reach_the_sentence(void **state)
{
    eth_batch batch;
    base_error error = {0};
    (void)state;
    read_one(&batch, "\x1b[31mred\x07\n", &error);
    for (const char *p = error.text; *p; p++)
        assert_in_range(*p, 0x20, 0x7e);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "?[31mred??");
    eth_batch_free(&batch);
}

static void test_only_the_requests_asked_for(void **state)
{
    eth_batch batch;
    uint64_t next_id = 100;
    base_error error = {0};
    base_buf out = base_buf_make(4096);
    (void)state;
    make_three(&batch);
    assert_true(eth_batch_write(&batch, 1, 1, &next_id, &out));
    static const char text[] = "{\"id\":100,\"result\":\"b\"}";
    assert_int_equal(eth_batch_read(&batch, 1, 1, text, strlen(text), &error), 0);
    assert_null(batch.requests[0].result);
    assert_string_equal(json_string_value(batch.requests[1].result), "b");
    assert_null(batch.requests[2].result);
    base_buf_free(&out);
    eth_batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_one),
        cmocka_unit_test(test_write_several),
        cmocka_unit_test(test_params_as_they_are),
        cmocka_unit_test(test_what_does_not_fit_is_told),
        cmocka_unit_test(test_answers_in_any_order),
        cmocka_unit_test(test_null_is_a_result),
        cmocka_unit_test(test_answers_missing_or_too_many),
        cmocka_unit_test(test_foreign_ids),
        cmocka_unit_test(test_neither_result_nor_error),
        cmocka_unit_test(test_error_of_one_request),
        cmocka_unit_test(test_places_of_revert_data),
        cmocka_unit_test(test_words_in_the_place_of_revert_data),
        cmocka_unit_test(test_error_without_words),
        cmocka_unit_test(test_rate_limits),
        cmocka_unit_test(test_refusal_of_the_whole_batch),
        cmocka_unit_test(test_error_without_id_for_one_request),
        cmocka_unit_test(test_too_many_parts),
        cmocka_unit_test(test_long_data),
        cmocka_unit_test(test_data_of_lengths_around_the_long),
        cmocka_unit_test(test_every_truncation_of_long_data),
        cmocka_unit_test(test_long_strings_elsewhere),
        cmocka_unit_test(test_more_long_strings_than_are_taken_out),
        cmocka_unit_test(test_array_for_one_request),
        cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_zero_bytes),
        cmocka_unit_test(test_json_that_is_no_answer),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_control_bytes_do_not_reach_the_sentence),
        cmocka_unit_test(test_only_the_requests_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
