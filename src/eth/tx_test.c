/* SPDX-License-Identifier: MIT */
#include "eth/tx.h"

#include "eth/keccak.h"
#include "eth/key.h"
#include "unit.h"

typedef struct sample {
    eth_tx tx;
    uint8_t key32[32];
    uint8_t *data;
    const char *raw, *hash;
} sample;

static eth_wei read_wei(const json_t *vector, const char *name)
{
    const char *digits = unit_text(vector, name);
    eth_wei value = 0;
    for (; *digits; digits++)
        value = value << 4 | (unsigned)(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
    return value;
}

static sample read_sample(const json_t *vectors, const json_t *vector)
{
    sample it = {.raw = unit_text(vector, "raw"), .hash = unit_text(vector, "hash")};
    it.data = unit_bytes(unit_text(vector, "data"), &it.tx.data_len);
    it.tx.data = it.data;
    it.tx.chain_id = (uint64_t)read_wei(vector, "chain_id");
    it.tx.nonce = (uint64_t)read_wei(vector, "nonce");
    it.tx.gas_limit = (uint64_t)read_wei(vector, "gas_limit");
    it.tx.max_priority_fee = read_wei(vector, "max_priority_fee");
    it.tx.max_fee = read_wei(vector, "max_fee");
    it.tx.value = read_wei(vector, "value");
    unit_hex(unit_text(vectors, "to"), it.tx.to, 20);
    unit_hex(unit_text(vectors, "private_key"), it.key32, 32);
    return it;
}

/* Signs them all; how many there are. */
static size_t check_vectors(const char *list, bool creates)
{
    json_t *vectors = unit_vectors("transactions.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, list), at, vector)
    {
        uint8_t hash[32];
        base_buf raw = base_buf_make(8192);
        sample it = read_sample(vectors, vector);
        it.tx.creates = creates;
        assert_true(eth_tx_sign(&it.tx, it.key32, &raw, hash));
        assert_hex(raw.data, raw.len, it.raw);
        assert_hex(hash, 32, it.hash);
        base_buf_free(&raw);
        free(it.data);
    }
    json_decref(vectors);
    return at;
}

static void test_transactions_made_by_cast(void **state)
{
    (void)state;
    assert_int_equal(check_vectors("transactions", false), 14);
}

/* Whatever stands in `to`. */
static void test_creations_made_by_cast(void **state)
{
    (void)state;
    assert_int_equal(check_vectors("creations", true), 3);
}

static void test_signing_hash_is_what_is_signed(void **state)
{
    (void)state;
    uint8_t key[32], signing[32], other[32], signature[65], public_key[33], recovered[33];
    eth_tx tx = {.chain_id = 1, .gas_limit = 21000, .max_fee = 2, .data = "x", .data_len = 1};
    memset(key, 7, sizeof key);
    assert_true(eth_tx_signing_hash(&tx, signing));
    assert_true(eth_key_sign(key, signing, signature) && eth_key_public(key, public_key));
    assert_true(eth_key_recover(signing, signature, recovered));
    assert_memory_equal(public_key, recovered, 33);
    eth_tx changed[9];
    for (size_t i = 0; i < COUNT(changed); i++)
        changed[i] = tx;
    changed[0].chain_id++;
    changed[1].nonce++;
    changed[2].gas_limit++;
    changed[3].max_fee++;
    changed[4].max_priority_fee++;
    changed[5].value++;
    changed[6].to[0]++;
    changed[7].data = "y";
    changed[8].creates = true;
    for (size_t i = 0; i < COUNT(changed); i++) {
        assert_true(eth_tx_signing_hash(&changed[i], other));
        assert_memory_not_equal(signing, other, 32);
    }
}

/* The transaction is appended, and its hash is that of its own bytes. */
static void test_appends(void **state)
{
    (void)state;
    uint8_t key[32], hash[32], expected[32];
    base_buf raw = base_buf_make(1024);
    eth_tx tx = {.chain_id = 1};
    memset(key, 7, sizeof key);
    base_buf_puts(&raw, "before");
    assert_true(eth_tx_sign(&tx, key, &raw, hash));
    assert_memory_equal(raw.data, "before\x02", 7);
    eth_keccak256(raw.data + 6, raw.len - 6, expected);
    assert_memory_equal(hash, expected, 32);
    base_buf_free(&raw);
}

static void test_invalid_key(void **state)
{
    (void)state;
    uint8_t key[32] = {0}, hash[32];
    base_buf raw = base_buf_make(1024);
    eth_tx tx = {.chain_id = 1};
    assert_false(eth_tx_sign(&tx, key, &raw, hash));
    memset(key, 0xff, sizeof key);
    assert_false(eth_tx_sign(&tx, key, &raw, hash));
    assert_int_equal(raw.len, 0);
    base_buf_free(&raw);
}

static void test_too_large(void **state)
{
    (void)state;
    uint8_t key[32], hash[32];
    size_t len = 128 * 1024;
    uint8_t *data = calloc(1, len);
    base_buf raw = base_buf_make(1 << 20), small = base_buf_make(40);
    eth_tx tx = {.chain_id = 1, .data = data, .data_len = len};
    memset(key, 7, sizeof key);
    assert_false(eth_tx_sign(&tx, key, &raw, hash));
    tx.data_len = len - 300;
    assert_true(eth_tx_sign(&tx, key, &raw, hash));
    assert_false(eth_tx_sign(&tx, key, &small, hash));
    base_buf_free(&raw);
    base_buf_free(&small);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transactions_made_by_cast),
        cmocka_unit_test(test_creations_made_by_cast),
        cmocka_unit_test(test_signing_hash_is_what_is_signed),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_invalid_key),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
