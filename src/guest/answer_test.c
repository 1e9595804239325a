/* SPDX-License-Identifier: MIT */
#include "guest/answer.h"

#include "base/buf.h"
#include "base/hex.h"
#include "unit.h"

#include <stdio.h>

#define KEY       "4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df"
#define ID        "1691ed1b47506cad7d08834668691d88246f5b1f"
#define APP       "5bb4ff9a3837357f19dc176407a5709c62eb6c56"
#define TEN       "00000000000000000000"
#define SIGNATURE TEN TEN TEN TEN TEN TEN "00000000ff" /* 65 bytes */

/* ---- Info ---- */

static int read_info(const char *text, guest_info *info, base_error *error)
{
    char *copy = unit_copy(text, strlen(text)); /* not NUL-terminated */
    int code = guest_read_info(copy, strlen(text), info, error);
    free(copy);
    return code;
}

static void test_info(void **state)
{
    guest_info info;
    base_error error = {0};
    (void)state;
    read_info("{\"app_id\":\"" APP "\",\"instance_id\":\"" ID
              "\",\"tcb_info\":\"{\\\"a\\\":1}\",\"more\":[null]}",
              &info, &error);
    expect_ok(&error);
    assert_hex(info.instance_id20, 20, ID);
    assert_hex(info.app_id20, 20, APP);
    read_info(" {\"instance_id\" : \"1691ED1B47506CAD7D08834668691D88246F5B1F\" , \"app_id\":\"" APP "\"}\n",
              &info, &error);
    expect_ok(&error);
    assert_hex(info.instance_id20, 20, ID);
}

static void test_no_instance_id(void **state)
{
    guest_info info;
    base_error error = {0};
    (void)state;
    read_info("{\"app_id\":\"" APP "\",\"instance_id\":\"\"}", &info, &error);
    expect_error(&error, DSTACK_P2P_ERR_NO_INSTANCE_ID, "no_instance_id");
}

static void test_info_that_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "\"text\"",
        "<html></html>",
        "{",
        "{}",
        "{\"instance_id\":\"" ID "\"}",
        "{\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"" ID "\",\"app_id\":\"\"}",
        "{\"instance_id\":\"" ID "\",\"app_id\":7}",
        "{\"instance_id\":null,\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"" ID "00\",\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"1691\",\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"0x91ed1b47506cad7d08834668691d88246f5b1f\",\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"" TEN TEN "\",\"app_id\":\"" APP "\"}",
        "{\"instance_id\":\"" ID "\",\"instance_id\":\"" ID "\",\"app_id\":\"" APP "\"}",
        "{\"info\":{\"instance_id\":\"" ID "\",\"app_id\":\"" APP "\"}}",
        "{\"instance_id\":\"" ID "\",\"app_id\":\"" APP "\"} trailing",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        guest_info info;
        base_error error = {0};
        if (read_info(texts[i], &info, &error) != DSTACK_P2P_ERR_GUEST_ANSWER)
            fail_msg("accepted: %s", texts[i]);
    }
}

static void test_every_cut_of_info(void **state)
{
    static const char text[] = "{\"app_id\":\"" APP "\",\"instance_id\":\"" ID "\"}";
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char cut[sizeof text];
        guest_info info;
        base_error error = {0};
        memcpy(cut, text, len);
        cut[len] = '\0';
        assert_int_equal(read_info(cut, &info, &error), DSTACK_P2P_ERR_GUEST_ANSWER);
    }
}

/* ---- GetKey ---- */

/* Whether the digits, in either case, are anywhere in the text. */
static bool holds_digits(const char *text, size_t len, const char *digits)
{
    for (size_t at = 0; at + strlen(digits) <= len; at++)
        if (memcmp(text + at, digits, strlen(digits)) == 0) return true;
    return false;
}

static int read_key(const char *text, guest_key *key, base_error *error)
{
    size_t len = strlen(text);
    char *copy = unit_copy(text, len);
    int code = guest_read_key(copy, len, key, error);
    assert_false(!code && holds_digits(copy, len, KEY));
    free(copy);
    return code;
}

static void test_keys_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("get_key.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "get_key"), at, vector)
    {
        guest_key key;
        base_error error = {0};
        json_t *chain = json_object_get(vector, "signature_chain");
        json_t *answer = json_pack("{sOsO}", "key", json_object_get(vector, "key"), "signature_chain", chain);
        char *text = json_dumps(answer, at % 2 ? JSON_COMPACT : JSON_INDENT(2));
        size_t len = strlen(text);
        guest_read_key(text, len, &key, &error);
        expect_ok(&error);
        assert_hex(key.key32, 32, unit_text(vector, "key"));
        assert_hex(key.app_signature65, 65, json_string_value(json_array_get(chain, 0)));
        assert_hex(key.kms_signature65, 65, json_string_value(json_array_get(chain, 1)));
        assert_false(holds_digits(text, len, unit_text(vector, "key")));
        free(text);
        json_decref(answer);
    }
    assert_int_equal(at, 5);
    json_decref(vectors);
}

#define CHAIN "\"signature_chain\":[\"" SIGNATURE "\",\"" SIGNATURE "\"]"

/* Places where the key may stand, and others that only look like it. */
static void test_the_key_is_found_where_it_is(void **state)
{
    static const char *const texts[] = {
        "{\"key\":\"" KEY "\"," CHAIN "}",
        "{" CHAIN ",\"key\":\"" KEY "\"}",
        "{\n\t\"key\" \r\n:\t \"" KEY "\" , " CHAIN " }",
        "{\"other\":{\"key\":\"nested\"},\"key\":\"" KEY "\"," CHAIN "}",
        "{\"other\":[{\"key\":\"nested\"}],\"key\":\"" KEY "\"," CHAIN "}",
        "{\"other\":\"key\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"other\":\"\\\"key\\\":\\\"" TEN "\\\"\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"other\":\"\\\\\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"other\":\"}{][\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"keys\":\"x\",\"ke\":\"x\",\"Key\":\"x\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"\":\"\",\"key\":\"" KEY "\"," CHAIN "}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        guest_key key;
        base_error error = {0};
        if (read_key(texts[i], &key, &error)) fail_msg("%s: %s", texts[i], error.text);
        assert_hex(key.key32, 32, KEY);
        assert_hex(key.app_signature65, 65, SIGNATURE);
    }
}

static void test_upper_case_digits(void **state)
{
    guest_key key;
    base_error error = {0};
    (void)state;
    read_key("{\"key\":\"4A07A5FC91559FF3656683097804E01D70310F33ECCF624BB7F445CE363200DF\"," CHAIN "}", &key,
             &error);
    expect_ok(&error);
    assert_hex(key.key32, 32, KEY);
}

static void test_answers_without_a_key(void **state)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        "<html></html>",
        "{" CHAIN "}",
        "{\"key\":\"\"," CHAIN "}",
        "{\"key\":null," CHAIN "}",
        "{\"key\":7," CHAIN "}",
        "{\"key\":[\"" KEY "\"]," CHAIN "}",
        "{\"key\":{\"key\":\"" KEY "\"}," CHAIN "}",
        "{\"inner\":{\"key\":\"" KEY "\"}," CHAIN "}",
        "[{\"key\":\"" KEY "\"," CHAIN "}]",
        "{\"key\":\"0x" KEY "\"," CHAIN "}",
        "{\"key\":\"" KEY "00\"," CHAIN "}",
        "{\"key\":\" " KEY "\"," CHAIN "}",
        "{\"key\":\"a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df\"," CHAIN "}",
        "{\"key\":\"\\u0034a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df\"," CHAIN "}",
        "{\"k\\u0065y\":\"" KEY "\"," CHAIN "}",
        "{\"key\":\"ga07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df\"," CHAIN "}",
        "{\"key\":\"" KEY "\",\"key\":\"" KEY "\"," CHAIN "}",
        "{\"key\":\"" KEY "\"," CHAIN "} {}",
        "{\"key\":\"" KEY "\"," CHAIN,
        ("{\"key\":\"" KEY),
        "{\"key\":\"",
        "{\"key\":",
        "{\"key\"",
        "{\"key",
        "{\"key\":\"\\",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        guest_key key;
        base_error error = {0};
        if (read_key(texts[i], &key, &error) != DSTACK_P2P_ERR_GUEST_ANSWER)
            fail_msg("accepted: %s", texts[i]);
        assert_false(holds_digits(error.text, strlen(error.text), "4a07a5fc"));
    }
}

/* Found or not, what was taken for the key is gone from the text when the call returns. */
static void test_digits_are_overwritten(void **state)
{
    static const char *const texts[] = {"{\"key\":\"" KEY "\"," CHAIN "}", "{\"key\":\"" KEY "\"}",
                                        "{\"key\":\"" KEY "\",\"broken", "{\"key\":\"" KEY "00\"," CHAIN "}",
                                        ("{\"key\":\"" KEY)};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        guest_key key;
        base_error error = {0};
        size_t len = strlen(texts[i]);
        char *copy = unit_copy(texts[i], len);
        guest_read_key(copy, len, &key, &error);
        assert_false(holds_digits(copy, len, "4a07a5fc"));
        assert_false(holds_digits(copy, len, "363200df"));
        free(copy);
    }
}

static void expect_chain(const char *chain, int code, const char *part)
{
    char text[2048];
    guest_key key;
    base_error error = {0};
    snprintf(text, sizeof text, "{\"key\":\"" KEY "\"%s%s}", *chain ? "," : "", chain);
    assert_int_equal(read_key(text, &key, &error), code);
    expect_error(&error, code, part);
}

static void test_chains(void **state)
{
    (void)state;
    expect_chain(CHAIN, 0, "");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\",\"" SIGNATURE "\",\"more\"]", 0, "");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\"]", DSTACK_P2P_ERR_NO_KMS_SIGNATURE,
                 "local key provider");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\",\"\"]", DSTACK_P2P_ERR_NO_KMS_SIGNATURE,
                 "local key provider");
    expect_chain("", DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]");
    expect_chain("\"signature_chain\":[]", DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]");
    expect_chain("\"signature_chain\":null", DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]");
    expect_chain("\"signature_chain\":\"" SIGNATURE "\"", DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]");
    expect_chain("\"signature_chain\":[\"\",\"" SIGNATURE "\"]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[0]");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "00\",\"" SIGNATURE "\"]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[0]");
    expect_chain("\"signature_chain\":[7,\"" SIGNATURE "\"]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[0]");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\",null]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[1]");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\",\"" TEN "\"]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[1]");
    expect_chain("\"signature_chain\":[\"" SIGNATURE "\",\"0x" SIGNATURE "\"]", DSTACK_P2P_ERR_GUEST_ANSWER,
                 "signature_chain[1]");
}

static void test_every_cut_of_a_key(void **state)
{
    static const char text[] = "{\"other\":\"a\\\"b\",\"key\" : \"" KEY "\"," CHAIN "}";
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char cut[sizeof text];
        guest_key key;
        base_error error = {0};
        memcpy(cut, text, len);
        cut[len] = '\0';
        assert_int_equal(read_key(cut, &key, &error), DSTACK_P2P_ERR_GUEST_ANSWER);
    }
}

/* Any single byte replaced: an error or the key, never a read out of bounds. */
static void test_every_byte_replaced(void **state)
{
    static const char text[] = "{\"a\":[\"key\",{}],\"key\":\"" KEY "\"," CHAIN "}",
                      bytes[] = "\"\\{}[]:,0 \x01\xff";
    (void)state;
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t i = 0; i < sizeof bytes; i++) { /* the NUL at its end, too */
            guest_key key;
            base_error error = {0};
            char *copy = unit_copy(text, sizeof text - 1);
            copy[at] = bytes[i];
            int code = guest_read_key(copy, sizeof text - 1, &key, &error);
            assert_true(!code || code == DSTACK_P2P_ERR_GUEST_ANSWER);
            free(copy);
        }
}

static void test_deep_nesting(void **state)
{
    guest_key key;
    base_error error = {0};
    base_buf text = base_buf_make(1 << 20);
    (void)state;
    for (int i = 0; i < 100000; i++)
        base_buf_puts(&text, "[");
    guest_read_key(text.data, text.len, &key, &error);
    expect_error(&error, DSTACK_P2P_ERR_GUEST_ANSWER, "not a JSON object");
    base_buf_free(&text);
}

/* ---- Refusals ---- */

static void expect_refusal(const char *text, const char *expected)
{
    char sentence[32];
    char *copy = unit_copy(text, strlen(text));
    guest_read_refusal(copy, strlen(text), sentence, sizeof sentence);
    free(copy);
    assert_string_equal(sentence, expected);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refusal("{\"error\":\"no such method\"}", "no such method");
    expect_refusal("{\"error\":\"a sentence that is longer than the room for it\"}",
                   "a sentence that is longer than ");
    expect_refusal("{\"error\":7}", "");
    expect_refusal("{\"message\":\"x\"}", "");
    expect_refusal("[\"error\"]", "");
    expect_refusal("<html>", "");
    expect_refusal("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_no_instance_id),
        cmocka_unit_test(test_info_that_is_none),
        cmocka_unit_test(test_every_cut_of_info),
        cmocka_unit_test(test_keys_of_the_vectors),
        cmocka_unit_test(test_the_key_is_found_where_it_is),
        cmocka_unit_test(test_upper_case_digits),
        cmocka_unit_test(test_answers_without_a_key),
        cmocka_unit_test(test_digits_are_overwritten),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_every_cut_of_a_key),
        cmocka_unit_test(test_every_byte_replaced),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
