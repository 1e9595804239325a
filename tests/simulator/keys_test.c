/* SPDX-License-Identifier: MIT */
/* GetKey answers exactly what dstack's guest agent answers, whichever way it is asked. */
#include "harness.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/keccak.h"
#include "eth/key.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static sim_folder folder;
static sim_process process;
static json_t *vectors;

static int set_up(void **state)
{
    (void)state;
    vectors = sim_vectors();
    folder = sim_folder_make();
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", "--instance", "other", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_stop_clean(&process);
    sim_folder_remove(&folder);
    json_decref(vectors);
    return 0;
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    assert_non_null(value);
    return value;
}

static void bytes(const char *hex, void *out, size_t len)
{
    assert_int_equal(strlen(hex), 2 * len);
    assert_true(base_hex_is_lower(hex, 2 * len));
    assert_true(base_hex_decode(hex, 2 * len, out, len));
}

static const char *chain(const sim_reply *reply, size_t index)
{
    const json_t *signatures = json_object_get(reply->json, "signature_chain");
    assert_int_equal(json_array_size(signatures), 2);
    return json_string_value(json_array_get(signatures, index));
}

static void check(sim_reply reply, const json_t *vector)
{
    const json_t *signatures = json_object_get(vector, "signature_chain");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.type, "application/json");
    assert_int_equal(json_object_size(reply.json), 2);
    assert_string_equal(sim_reply_text(&reply, "key"), text(vector, "key"));
    assert_string_equal(chain(&reply, 0), json_string_value(json_array_get(signatures, 0)));
    assert_string_equal(chain(&reply, 1), json_string_value(json_array_get(signatures, 1)));
    sim_reply_free(&reply);
}

static char *post_body(const json_t *vector, const char *algorithm)
{
    json_t *object =
        json_pack("{s:s, s:s}", "path", text(vector, "path"), "purpose", text(vector, "purpose"));
    if (algorithm) json_object_set_new(object, "algorithm", json_string(algorithm));
    char *body = json_dumps(object, 0);
    json_decref(object);
    assert_non_null(body);
    return body;
}

static void escape(base_buf *query, const char *value)
{
    for (; *value; value++) {
        base_buf_puts(query, "%");
        base_buf_hex(query, value, 1);
    }
}

/* Every vector, to `path` at `target`, as a body and as a query. */
static void check_all(sim_target target, const char *path)
{
    size_t index;
    const json_t *vector;
    const json_t *list = json_object_get(vectors, "get_key");
    assert_true(json_array_size(list) >= 5);
    json_array_foreach(list, index, vector)
    {
        char *body = post_body(vector, NULL);
        check(sim_request(target, path, body), vector);
        free(body);
        base_buf query = base_buf_make(8192);
        base_buf_printf(&query, "%s?path=", path);
        escape(&query, text(vector, "path"));
        base_buf_puts(&query, "&purpose=");
        escape(&query, text(vector, "purpose"));
        assert_false(base_buf_failed(&query));
        check(sim_request(target, query.data, NULL), vector);
        base_buf_free(&query);
    }
}

static void test_vectors_over_unix_socket(void **state)
{
    (void)state;
    check_all(sim_unix(process.unix_path), "/GetKey");
    check_all(sim_unix(process.unix_path), "/i/other/GetKey");
}

static void test_vectors_over_tcp(void **state)
{
    (void)state;
    check_all(sim_tcp(&process), "/GetKey");
    check_all(sim_tcp(&process), "/i/other/GetKey");
}

/* An instance's own socket: keys belong to the app, all its instances get the same. */
static void test_vectors_over_instance_socket(void **state)
{
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "%s/other/dstack.sock", folder.path);
    check_all(sim_unix(path), "/GetKey");
}

static void test_algorithm_names(void **state)
{
    static const char *const names[] = {"", "k256", "secp256k1"};
    const json_t *vector = json_array_get(json_object_get(vectors, "get_key"), 1);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *body = post_body(vector, names[i]);
        check(sim_request(sim_tcp(&process), "/GetKey", body), vector);
        free(body);
    }
    check(
        sim_request(sim_tcp(&process), "/GetKey?purpose=ethereum&path=wallet/ethereum&algorithm=k256", NULL),
        vector);
}

static void test_missing_fields_are_empty(void **state)
{
    const json_t *vector = json_array_get(json_object_get(vectors, "get_key"), 0);
    (void)state;
    check(sim_request(sim_tcp(&process), "/GetKey", "{}"), vector);
    check(sim_request(sim_tcp(&process), "/GetKey", ""), vector);
    check(sim_request(sim_tcp(&process), "/GetKey", NULL), vector);
    check(sim_request(sim_tcp(&process), "/GetKey?json", "{\"unknown\":[1]}"), vector);
    check(sim_request(sim_tcp(&process), "/GetKey?json", NULL), vector);
}

static void app_message_hash(const char *purpose, const void *public_key, size_t len, uint8_t hash[static 32])
{
    base_buf message = base_buf_make(4096);
    base_buf_printf(&message, "%s:", purpose);
    base_buf_hex(&message, public_key, len);
    assert_false(base_buf_failed(&message));
    eth_keccak256(message.data, message.len, hash);
    base_buf_free(&message);
}

/* Who signed this, as hex. */
static void signer(const uint8_t hash[static 32], const char *signature_hex, char hex[static 67])
{
    uint8_t signature[65], public_key[33];
    bytes(signature_hex, signature, 65);
    assert_in_range(signature[64], 0, 1);
    assert_true(eth_key_recover(hash, signature, public_key));
    base_hex_encode(public_key, 33, hex);
}

static void test_chain_leads_to_the_root(void **state)
{
    uint8_t key[32], public_key[33], hash[32], certificate[18 + 20 + 33] = "dstack-kms-issued:";
    char hex[67];
    (void)state;
    sim_reply reply = sim_request(sim_tcp(&process), "/GetKey", "{\"path\":\"p\",\"purpose\":\"q\"}");
    bytes(sim_reply_text(&reply, "key"), key, 32);
    assert_true(eth_key_public(key, public_key));
    app_message_hash("q", public_key, 33, hash);
    signer(hash, chain(&reply, 0), hex);
    assert_string_equal(hex, text(vectors, "app_public_key"));
    bytes(text(vectors, "app_id"), certificate + 18, 20);
    bytes(text(vectors, "app_public_key"), certificate + 38, 33);
    eth_keccak256(certificate, sizeof certificate, hash);
    signer(hash, chain(&reply, 1), hex);
    assert_string_equal(hex, text(vectors, "kms_root_public_key"));
    sim_reply_free(&reply);
}

/* The derived bytes are the seed; what is signed is the 32-byte public key. */
static void test_ed25519(void **state)
{
    uint8_t seed[32], public_key[32], hash[32];
    size_t len = sizeof public_key;
    char hex[67];
    const json_t *vector = json_array_get(json_object_get(vectors, "get_key"), 1);
    char *body = post_body(vector, "ed25519");
    (void)state;
    sim_reply reply = sim_request(sim_tcp(&process), "/GetKey", body);
    assert_string_equal(sim_reply_text(&reply, "key"), text(vector, "key"));
    bytes(sim_reply_text(&reply, "key"), seed, 32);
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    assert_int_equal(EVP_PKEY_get_raw_public_key(pair, public_key, &len), 1);
    app_message_hash(text(vector, "purpose"), public_key, 32, hash);
    signer(hash, chain(&reply, 0), hex);
    assert_string_equal(hex, text(vectors, "app_public_key"));
    EVP_PKEY_free(pair);
    sim_reply_free(&reply);
    free(body);
}

/* The purpose is not in the derivation, the path is; neither is cut anywhere. */
static void test_what_changes_the_key(void **state)
{
    static const struct {
        const char *body;
        bool same_key, same_signature;
    } cases[] = {
        {"{\"path\":\"a\",\"purpose\":\"other\"}", true, false},
        {"{\"path\":\"b\",\"purpose\":\"x\"}", false, false},
        {"{\"path\":\"a\\u0000\",\"purpose\":\"x\"}", false, false},
        {"{\"path\":\"a\",\"purpose\":\"x\\u0000y\"}", true, false},
        {"{\"path\":\"a\",\"purpose\":\"x\",\"algorithm\":\"k256\"}", true, true},
    };
    sim_reply base = sim_request(sim_tcp(&process), "/GetKey", "{\"path\":\"a\",\"purpose\":\"x\"}");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_reply reply = sim_request(sim_tcp(&process), "/GetKey", cases[i].body);
        bool key = strcmp(sim_reply_text(&reply, "key"), sim_reply_text(&base, "key")) == 0;
        assert_int_equal(key, cases[i].same_key);
        assert_int_equal(strcmp(chain(&reply, 0), chain(&base, 0)) == 0, cases[i].same_signature);
        assert_string_equal(chain(&reply, 1), chain(&base, 1));
        sim_reply_free(&reply);
    }
    sim_reply_free(&base);
}

/* Body and query mean the same where escapes are concerned. */
static void test_escapes(void **state)
{
    static const char *const pairs[][2] = {
        {"{\"path\":\"a b+c\"}", "/GetKey?path=a+b%2Bc"},
        {"{\"path\":\"a\\u0000b\"}", "/GetKey?path=a%00b"},
        {"{\"path\":\"\\u00e9\\ud83d\\ude00\"}", "/GetKey?path=%C3%A9%F0%9F%98%80"},
        {"{\"path\":\"\xc3\xa9\"}", "/GetKey?path=%c3%a9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        sim_reply post = sim_request(sim_tcp(&process), "/GetKey", pairs[i][0]);
        sim_reply get = sim_request(sim_tcp(&process), pairs[i][1], NULL);
        assert_string_equal(sim_reply_text(&get, "key"), sim_reply_text(&post, "key"));
        sim_reply_free(&post);
        sim_reply_free(&get);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_over_unix_socket),
        cmocka_unit_test(test_vectors_over_tcp),
        cmocka_unit_test(test_vectors_over_instance_socket),
        cmocka_unit_test(test_algorithm_names),
        cmocka_unit_test(test_missing_fields_are_empty),
        cmocka_unit_test(test_chain_leads_to_the_root),
        cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_what_changes_the_key),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
