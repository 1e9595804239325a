/* SPDX-License-Identifier: MIT */
#include "registry/statement.h"

#include "eth/keccak.h"
#include "unit.h"

typedef void (*check_fn)(const json_t *vector, const registry_statement *statement);

static void for_each_case(check_fn check)
{
    json_t *vectors = unit_vectors("registration.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "cases"), at, vector)
    {
        registry_statement statement = {.chain_id = unit_number(vector, "chain_id"),
                                        .url = unit_text(vector, "connection_url"),
                                        .anchor_number = unit_number(vector, "anchor_number")};
        unit_hex(unit_text(vector, "contract"), statement.contract20, 20);
        unit_hex(unit_text(vector, "instance_id"), statement.instance20, 20);
        unit_hex(unit_text(vector, "anchor_hash"), statement.anchor_hash32, 32);
        check(vector, &statement);
    }
    assert_int_equal(at, 3);
    json_decref(vectors);
}

static void check_statement(const json_t *vector, const registry_statement *statement)
{
    uint8_t hash[32], expected[32];
    size_t len;
    uint8_t *preimage = unit_bytes(unit_text(vector, "statement_preimage"), &len);
    assert_int_equal(len, 192);
    eth_keccak256(preimage, len, expected);
    free(preimage);
    registry_statement_hash(statement, hash);
    assert_memory_equal(hash, expected, 32);
    assert_hex(hash, 32, unit_text(vector, "statement"));
}

static void test_statement_is_the_hash_of_the_preimage(void **state)
{
    (void)state;
    for_each_case(check_statement);
}

static void check_purpose(const json_t *vector, const registry_statement *statement)
{
    char purpose[REGISTRY_PURPOSE_TEXT];
    registry_purpose(statement, purpose);
    assert_string_equal(purpose, unit_text(vector, "purpose"));
}

static void test_purpose(void **state)
{
    (void)state;
    for_each_case(check_purpose);
}

static void check_path(const json_t *vector, const registry_statement *statement)
{
    char path[REGISTRY_PATH_TEXT];
    registry_key_path(statement->instance20, path);
    assert_string_equal(path, unit_text(vector, "path"));
}

static void test_key_path(void **state)
{
    (void)state;
    for_each_case(check_path);
}

static void check_app_message(const json_t *vector, const registry_statement *statement)
{
    uint8_t key[33], hash[32], expected[32];
    char purpose[REGISTRY_PURPOSE_TEXT];
    const char *message = unit_text(vector, "app_message");
    unit_hex(unit_text(vector, "derived_public_key"), key, 33);
    registry_purpose(statement, purpose);
    registry_app_message_hash(purpose, key, hash);
    eth_keccak256(message, strlen(message), expected);
    assert_memory_equal(hash, expected, 32);
    assert_hex(hash, 32, unit_text(vector, "app_message_hash"));
}

static void test_app_message_hash(void **state)
{
    (void)state;
    for_each_case(check_app_message);
}

static void test_kms_message_hash(void **state)
{
    static const char text[] = "dstack-kms-issued:";
    uint8_t app_id[20], key[33], message[sizeof text - 1 + 53], hash[32], expected[32];
    (void)state;
    json_t *vectors = unit_vectors("get_key.json");
    unit_hex(unit_text(vectors, "app_id"), app_id, 20);
    unit_hex(unit_text(vectors, "app_public_key"), key, 33);
    json_decref(vectors);
    memcpy(message, text, sizeof text - 1);
    memcpy(message + sizeof text - 1, app_id, 20);
    memcpy(message + sizeof text - 1 + 20, key, 33);
    eth_keccak256(message, sizeof message, expected);
    registry_kms_message_hash(app_id, key, hash);
    assert_memory_equal(hash, expected, 32);
}

/* Every field is bound: another value of any of them is another statement. */
static void test_each_field_changes_the_statement(void **state)
{
    (void)state;
    registry_statement one = {.chain_id = 1, .url = "http://a", .anchor_number = 7};
    registry_statement others[8];
    uint8_t hash[32], other[32];
    for (size_t i = 0; i < COUNT(others); i++)
        others[i] = one;
    others[0].chain_id = UINT64_MAX;
    others[1].contract20[19] = 1;
    others[2].instance20[0] = 1;
    others[3].instance20[19] = 1;
    others[4].url = "http://b";
    others[5].url = "";
    others[6].anchor_number = (uint64_t)7 << 56;
    others[7].anchor_hash32[31] = 1;
    registry_statement_hash(&one, hash);
    for (size_t i = 0; i < COUNT(others); i++) {
        registry_statement_hash(&others[i], other);
        assert_memory_not_equal(hash, other, 32);
    }
}

/* cast keccak of cast abi-encode "f(uint256,address,bytes20,bytes32,uint64,bytes32)" ... */
static void test_largest_values(void **state)
{
    uint8_t hash[32];
    (void)state;
    char url[REGISTRY_URL_MAX + 1];
    registry_statement statement = {.chain_id = UINT64_MAX, .url = url, .anchor_number = UINT64_MAX};
    memset(url, 'a', REGISTRY_URL_MAX);
    url[REGISTRY_URL_MAX] = '\0';
    memset(statement.contract20, 0xff, 20);
    memset(statement.instance20, 0xff, 20);
    memset(statement.anchor_hash32, 0xff, 32);
    registry_statement_hash(&statement, hash);
    assert_hex(hash, 32, "ffa938eba856d0448dfe971fe8dcbb024539cae9d8446fb94d07fd3f71933c8a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement_is_the_hash_of_the_preimage),
        cmocka_unit_test(test_purpose),
        cmocka_unit_test(test_key_path),
        cmocka_unit_test(test_app_message_hash),
        cmocka_unit_test(test_kms_message_hash),
        cmocka_unit_test(test_each_field_changes_the_statement),
        cmocka_unit_test(test_largest_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
