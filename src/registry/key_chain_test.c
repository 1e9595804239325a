/* SPDX-License-Identifier: MIT */
#include "registry/key_chain.h"

#include "base/hex.h"
#include "eth/key.h"
#include "registry/statement.h"
#include "unit.h"

#include <stdio.h>

/* A registration of the vectors, its chain taken apart. */
typedef struct chain {
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t derived_key33[33], app_key33[33], app_id20[20];
    uint8_t app_signature73[73], kms_signature118[118];
} chain;

static chain read_chain(const json_t *vector)
{
    chain it;
    snprintf(it.purpose, sizeof it.purpose, "%s", unit_text(vector, "purpose"));
    unit_hex(unit_text(vector, "derived_public_key"), it.derived_key33, 33);
    unit_hex(unit_text(vector, "app_signature"), it.app_signature73, 73);
    unit_hex(unit_text(vector, "kms_signature"), it.kms_signature118, 118);
    memcpy(it.app_key33, it.kms_signature118 + 65, 33);
    memcpy(it.app_id20, it.kms_signature118 + 98, 20);
    return it;
}

static chain first_chain(void)
{
    json_t *vectors = unit_vectors("registration.json");
    chain it = read_chain(json_array_get(json_object_get(vectors, "cases"), 0));
    json_decref(vectors);
    return it;
}

static void test_chain_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("registration.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "cases"), at, vector)
    {
        chain it = read_chain(vector);
        uint8_t app_key[33], address[20], root[20], packed73[73], packed118[118];
        assert_true(registry_recover_app_key(it.purpose, it.derived_key33, it.app_signature73, app_key));
        assert_memory_equal(app_key, it.app_key33, 33);
        assert_true(eth_key_address(app_key, address));
        char text[43];
        eth_address_format(address, text);
        assert_string_equal(text, unit_text(vectors, "app_address"));
        assert_true(registry_recover_kms_root(it.app_id20, app_key, it.kms_signature118, root));
        eth_address_format(root, text);
        assert_string_equal(text, unit_text(vectors, "kms_root_address"));
        registry_pack_app_signature(it.app_signature73, unit_number(vector, "anchor_number"), packed73);
        assert_memory_equal(packed73, it.app_signature73, 73);
        registry_pack_kms_signature(it.kms_signature118, app_key, it.app_id20, packed118);
        assert_memory_equal(packed118, it.kms_signature118, 118);
        assert_hex(it.app_id20, 20, unit_text(vectors, "app_id"));
    }
    assert_int_equal(at, 3);
    json_decref(vectors);
}

static void test_chain_of_every_get_key_answer(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("get_key.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "get_key"), at, vector)
    {
        const char *purpose = unit_text(vector, "purpose");
        if (strlen(purpose) >= REGISTRY_PURPOSE_TEXT) continue; /* longer than any of ours */
        uint8_t derived[33], signature[65], app_key[33];
        json_t *signatures = json_object_get(vector, "signature_chain");
        unit_hex(unit_text(vector, "public_key"), derived, 33);
        unit_hex(json_string_value(json_array_get(signatures, 0)), signature, 65);
        assert_true(registry_recover_app_key(purpose, derived, signature, app_key));
        assert_hex(app_key, 33, unit_text(vectors, "app_public_key"));
    }
    assert_int_equal(at, 5);
    json_decref(vectors);
}

/* A signature over something else recovers to some other key, or to none; never to the app key. */
static void expect_another_app_key(const chain *it)
{
    chain good = first_chain();
    uint8_t app_key[33] = {0};
    if (registry_recover_app_key(it->purpose, it->derived_key33, it->app_signature73, app_key))
        assert_memory_not_equal(app_key, good.app_key33, 33);
}

static void test_app_signature_binds_purpose_and_key(void **state)
{
    (void)state;
    chain it = first_chain();
    it.purpose[REGISTRY_PURPOSE_TEXT - 2] ^= 1;
    expect_another_app_key(&it);
    it = first_chain();
    it.derived_key33[32] ^= 1;
    expect_another_app_key(&it);
    for (size_t i = 0; i < 64; i += 9) {
        it = first_chain();
        it.app_signature73[i] ^= 1;
        expect_another_app_key(&it);
    }
    it = first_chain();
    it.app_signature73[64] ^= 1;
    expect_another_app_key(&it);
}

static void test_certificate_binds_app_id_and_key(void **state)
{
    (void)state;
    chain good = first_chain();
    uint8_t root[20], other[20] = {0};
    assert_true(registry_recover_kms_root(good.app_id20, good.app_key33, good.kms_signature118, root));
    chain it = good;
    it.app_id20[0] ^= 1;
    if (registry_recover_kms_root(it.app_id20, it.app_key33, it.kms_signature118, other))
        assert_memory_not_equal(root, other, 20);
    it = good;
    it.app_key33[0] ^= 1;
    if (registry_recover_kms_root(it.app_id20, it.app_key33, it.kms_signature118, other))
        assert_memory_not_equal(root, other, 20);
}

static void test_no_signature_no_key(void **state)
{
    static const uint8_t zero[65];
    (void)state;
    chain it = first_chain();
    uint8_t app_key[33], root[20], odd[65];
    assert_false(registry_recover_app_key(it.purpose, it.derived_key33, zero, app_key));
    assert_false(registry_recover_kms_root(it.app_id20, it.app_key33, zero, root));
    memcpy(odd, it.app_signature73, 65);
    odd[64] = 29;
    assert_false(registry_recover_app_key(it.purpose, it.derived_key33, odd, app_key));
}

static void test_anchor_is_big_endian(void **state)
{
    uint8_t signature[65], packed[73];
    (void)state;
    memset(signature, 0x5a, sizeof signature);
    registry_pack_app_signature(signature, UINT64_C(0x0102030405060708), packed);
    assert_memory_equal(packed, signature, 65);
    assert_hex(packed + 65, 8, "0102030405060708");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_of_the_vectors),
        cmocka_unit_test(test_chain_of_every_get_key_answer),
        cmocka_unit_test(test_app_signature_binds_purpose_and_key),
        cmocka_unit_test(test_certificate_binds_app_id_and_key),
        cmocka_unit_test(test_no_signature_no_key),
        cmocka_unit_test(test_anchor_is_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
