/* SPDX-License-Identifier: MIT */

/* A signed transaction holds what was asked for, names its signer, and has the hash it is said to have. */

#include "eth/keccak.h"
#include "eth/key.h"
#include "eth/tx.h"
#include "fuzz.h"
#include "rlp_decode.h"

#include <string.h>

enum { TYPE_2 = 2, RAW_MAX = 256 * 1024 };

static eth_wei take_wei(fuzz_input *input)
{
    unsigned shift = fuzz_byte(input) % 128;
    eth_wei high = fuzz_u64(input);
    return (high << 64 | fuzz_u64(input)) >> shift;
}

static uint64_t take_number(fuzz_input *input)
{
    unsigned shift = fuzz_byte(input) % 64;
    return fuzz_u64(input) >> shift;
}

static eth_tx take_tx(fuzz_input *input)
{
    eth_tx tx = {.chain_id = take_number(input),
                 .nonce = take_number(input),
                 .gas_limit = take_number(input),
                 .max_priority_fee = take_wei(input),
                 .max_fee = take_wei(input),
                 .value = take_wei(input)};
    fuzz_fill(input, tx.to, sizeof tx.to);
    tx.data = input->data;
    tx.data_len = input->len;
    return tx;
}

static void check_fields(const eth_tx *tx, fuzz_rlp *fields)
{
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->chain_id);
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->nonce);
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->max_priority_fee);
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->max_fee);
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->gas_limit);
    fuzz_rlp to = fuzz_rlp_string(fields);
    FUZZ_REQUIRE(to.len == 20 && memcmp(to.data, tx->to, 20) == 0);
    FUZZ_REQUIRE(fuzz_rlp_uint(fields) == tx->value);
    fuzz_rlp data = fuzz_rlp_string(fields);
    FUZZ_REQUIRE(data.len == tx->data_len && (!data.len || memcmp(data.data, tx->data, data.len) == 0));
    FUZZ_REQUIRE(fuzz_rlp_list(fields).len == 0);
}

static void take_half(fuzz_rlp *fields, uint8_t half32[static 32])
{
    fuzz_rlp number = fuzz_rlp_string(fields);
    FUZZ_REQUIRE(number.len <= 32 && number.len && number.data[0]);
    memset(half32, 0, 32);
    memcpy(half32 + 32 - number.len, number.data, number.len);
}

static void check_signer(const eth_tx *tx, const uint8_t key32[static 32], fuzz_rlp *fields)
{
    uint8_t signature[65], hash[32], signer[33], expected[33];
    eth_wei parity = fuzz_rlp_uint(fields);
    FUZZ_REQUIRE(parity <= 1);
    take_half(fields, signature);
    take_half(fields, signature + 32);
    signature[64] = (uint8_t)parity;
    FUZZ_REQUIRE(eth_tx_signing_hash(tx, hash) && eth_key_public(key32, expected));
    FUZZ_REQUIRE(eth_key_recover(hash, signature, signer) && memcmp(signer, expected, 33) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t key[32], hash[32], expected[32];
    fuzz_fill(&input, key, sizeof key);
    eth_tx tx = take_tx(&input);
    base_buf raw = base_buf_make(RAW_MAX);
    bool signs = eth_tx_sign(&tx, key, &raw, hash);
    FUZZ_REQUIRE(signs == eth_key_valid(key));
    if (signs) {
        fuzz_rlp encoded = {(const uint8_t *)raw.data + 1, raw.len - 1};
        FUZZ_REQUIRE(raw.data[0] == TYPE_2);
        fuzz_rlp fields = fuzz_rlp_list(&encoded);
        FUZZ_REQUIRE(encoded.len == 0);
        check_fields(&tx, &fields);
        check_signer(&tx, key, &fields);
        FUZZ_REQUIRE(fields.len == 0);
        eth_keccak256(raw.data, raw.len, expected);
        FUZZ_REQUIRE(memcmp(hash, expected, 32) == 0);
    }
    base_buf_free(&raw);
    return 0;
}
