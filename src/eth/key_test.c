/* SPDX-License-Identifier: MIT */
#include "eth/key.h"

#include "unit.h"

#include <pthread.h>

/* The order of secp256k1's group. */
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

static void add_to_last(uint8_t *number32, int change)
{
    number32[31] = (uint8_t)(number32[31] + change);
}

static void test_valid_keys(void **state)
{
    uint8_t key[32] = {0}, public_key[33], signature[65], hash[32] = {1};
    (void)state;
    assert_false(eth_key_valid(key));
    assert_false(eth_key_public(key, public_key));
    assert_false(eth_key_sign(key, hash, signature));
    key[31] = 1;
    assert_true(eth_key_valid(key) && eth_key_public(key, public_key));
    assert_hex(public_key, 33, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    unit_hex(ORDER, key, 32);
    assert_false(eth_key_valid(key));
    assert_false(eth_key_public(key, public_key));
    assert_false(eth_key_sign(key, hash, signature));
    add_to_last(key, -1);
    assert_true(eth_key_valid(key) && eth_key_public(key, public_key));
    assert_hex(public_key, 33, "0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    memset(key, 0xff, sizeof key);
    assert_false(eth_key_valid(key));
}

static void test_keys_and_addresses_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("get_key.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "get_key"), at, vector)
    {
        uint8_t key[32], public_key[33], address[20];
        char text[43];
        unit_hex(unit_text(vector, "key"), key, 32);
        assert_true(eth_key_public(key, public_key));
        assert_hex(public_key, 33, unit_text(vector, "public_key"));
        assert_true(eth_key_address(public_key, address));
        eth_address_format(address, text);
        assert_string_equal(text, unit_text(vector, "address"));
    }
    assert_int_equal(at, 5);
    json_decref(vectors);
}

/* cast wallet sign --no-hash: RFC 6979, so every implementation makes the same signature. */
static void test_signature_is_deterministic(void **state)
{
    uint8_t key[32], hash[32], signature[65];
    (void)state;
    unit_hex("4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df", key, 32);
    memset(hash, 0x11, 32);
    assert_true(eth_key_sign(key, hash, signature));
    assert_hex(signature, 64,
               "fa2f51b0d383a74d79b24134cf79f68258e087352613f78051574cf9fcd613120720a62f27be80ecd18a18abd810f"
               "05c796a76fa66a7e491238568a44b5b4951");
    assert_int_equal(signature[64], 1);
}

static void test_sign_and_recover(void **state)
{
    (void)state;
    for (int i = 1; i <= 64; i++) {
        uint8_t key[32] = {0}, hash[32], signature[65], public_key[33], recovered[33];
        key[0] = (uint8_t)i;
        memset(hash, i, sizeof hash);
        assert_true(eth_key_public(key, public_key) && eth_key_sign(key, hash, signature));
        assert_in_range(signature[64], 0, 1);
        assert_in_range(signature[32], 0, 0x7f); /* low s */
        assert_true(eth_key_recover(hash, signature, recovered));
        assert_memory_equal(public_key, recovered, 33);
        signature[64] = (uint8_t)(signature[64] + 27);
        assert_true(eth_key_recover(hash, signature, recovered));
        assert_memory_equal(public_key, recovered, 33);
    }
}

static void sample_signature(uint8_t hash32[static 32], uint8_t signature65[static 65])
{
    uint8_t key[32];
    memset(key, 5, sizeof key);
    memset(hash32, 9, 32);
    assert_true(eth_key_sign(key, hash32, signature65));
}

static void test_recovery_ids(void **state)
{
    uint8_t hash[32], signature[65], recovered[33];
    (void)state;
    sample_signature(hash, signature);
    for (int v = 0; v < 256; v++) {
        signature[64] = (uint8_t)v;
        bool good = v == 0 || v == 1 || v == 27 || v == 28;
        assert_int_equal(eth_key_recover(hash, signature, recovered), good);
    }
}

/* Where r is small there are keys for the ids 2 and 3, too: nodes and contracts know no such v. */
static void test_recovery_ids_beyond_the_order(void **state)
{
    uint8_t hash[32], signature[65], recovered[33];
    (void)state;
    sample_signature(hash, signature);
    memset(signature, 0, 32);
    for (int r = 1; r < 200; r++)
        for (int v = 2; v <= 3; v++) {
            signature[31] = (uint8_t)r;
            signature[64] = (uint8_t)v;
            assert_false(eth_key_recover(hash, signature, recovered));
            signature[64] = (uint8_t)(v + 27);
            assert_false(eth_key_recover(hash, signature, recovered));
        }
}

/* n - s with the other recovery id signs the same, and is refused: each signature has one form. */
static void test_high_s_is_refused(void **state)
{
    uint8_t hash[32], signature[65], recovered[33], order[32];
    (void)state;
    sample_signature(hash, signature);
    unit_hex(ORDER, order, 32);
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - signature[32 + i] - borrow;
        borrow = digit < 0;
        signature[32 + i] = (uint8_t)digit;
    }
    signature[64] ^= 1;
    assert_false(eth_key_recover(hash, signature, recovered));
    signature[64] ^= 1;
    assert_false(eth_key_recover(hash, signature, recovered));
}

/* s at the middle: (n - 1) / 2 is the greatest one allowed. */
static void test_greatest_s(void **state)
{
    uint8_t hash[32], signature[65], recovered[33];
    (void)state;
    sample_signature(hash, signature);
    unit_hex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0", signature + 32, 32);
    assert_true(eth_key_recover(hash, signature, recovered));
    add_to_last(signature + 32, 1);
    assert_false(eth_key_recover(hash, signature, recovered));
}

static void test_numbers_out_of_range(void **state)
{
    uint8_t hash[32], good[65], bad[65], recovered[33];
    (void)state;
    sample_signature(hash, good);
    for (size_t half = 0; half <= 32; half += 32) {
        memcpy(bad, good, 65);
        memset(bad + half, 0, 32);
        assert_false(eth_key_recover(hash, bad, recovered));
        unit_hex(ORDER, bad + half, 32);
        assert_false(eth_key_recover(hash, bad, recovered));
        memset(bad + half, 0xff, 32);
        assert_false(eth_key_recover(hash, bad, recovered));
    }
    memset(bad, 0, 65);
    bad[31] = 5; /* no point of the curve has x = 5 */
    bad[63] = 1;
    assert_false(eth_key_recover(hash, bad, recovered));
}

static void test_points_that_are_none(void **state)
{
    uint8_t point[33], address[20];
    (void)state;
    unit_hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", point, 33);
    assert_true(eth_key_address(point, address));
    assert_hex(address, 20, "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    for (int prefix = 0; prefix < 256; prefix++) {
        point[0] = (uint8_t)prefix;
        assert_int_equal(eth_key_address(point, address), prefix == 2 || prefix == 3);
    }
    point[0] = 2;
    memset(point + 1, 0, 32);
    point[32] = 5;
    assert_false(eth_key_address(point, address));
    memset(point + 1, 0xff, 32);
    assert_false(eth_key_address(point, address));
}

/* EIP-55's own examples. */
static const char *const checksummed[] = {
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};

static void test_checksums(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(checksummed); i++) {
        uint8_t address[20];
        char text[43], changed[43];
        assert_true(eth_address_parse(checksummed[i], address));
        eth_address_format(address, text);
        assert_string_equal(text, checksummed[i]);
        for (size_t at = 2; at < 42; at++) {
            strcpy(changed, checksummed[i]);
            if (changed[at] < 'A') continue;
            changed[at] ^= 0x20;
            uint8_t other[20];
            bool one_case = !strpbrk(changed + 2, "ABCDEF") || !strpbrk(changed + 2, "abcdef");
            assert_int_equal(eth_address_parse(changed, other), one_case);
        }
    }
}

static void test_addresses_without_checksum(void **state)
{
    uint8_t address[20];
    (void)state;
    assert_true(eth_address_parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", address));
    assert_true(eth_address_parse("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", address));
    assert_hex(address, 20, "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
    assert_true(eth_address_parse("0x0000000000000000000000000000000000000000", address));
}

static void test_addresses_that_are_none(void **state)
{
    static const char *const bad[] = {"",
                                      "0x",
                                      "0x123...",
                                      "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                                      "0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                                      "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
                                      "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0",
                                      "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg",
                                      " 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
                                      "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae ",
                                      "0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea\xc3\xa9"};
    uint8_t address[20];
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (eth_address_parse(bad[i], address)) fail_msg("accepted: '%s'", bad[i]);
}

static void *sign_many(void *context)
{
    for (int i = 0; i < 200; i++) {
        uint8_t hash[32], signature[65], recovered[33];
        sample_signature(hash, signature);
        if (!eth_key_recover(hash, signature, recovered)) *(bool *)context = true;
    }
    return NULL;
}

static void test_threads_share_the_context(void **state)
{
    pthread_t threads[4];
    bool failed[4] = {false};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &failed[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_keys),
        cmocka_unit_test(test_keys_and_addresses_of_the_vectors),
        cmocka_unit_test(test_signature_is_deterministic),
        cmocka_unit_test(test_sign_and_recover),
        cmocka_unit_test(test_recovery_ids),
        cmocka_unit_test(test_recovery_ids_beyond_the_order),
        cmocka_unit_test(test_high_s_is_refused),
        cmocka_unit_test(test_greatest_s),
        cmocka_unit_test(test_numbers_out_of_range),
        cmocka_unit_test(test_points_that_are_none),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_addresses_without_checksum),
        cmocka_unit_test(test_addresses_that_are_none),
        cmocka_unit_test(test_threads_share_the_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
