/* SPDX-License-Identifier: MIT */

/*
 * Signatures of others, as the key chain is made of: who signed is found or is not, and there is one
 * signature for each signer and message, not a second one with the other half of s.
 */

#include "eth/key.h"
#include "fuzz.h"
#include "registry/key_chain.h"

#include <string.h>

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/* The order minus s: as good a signature, if it were allowed. */
static void negate_s(uint8_t s32[static 32])
{
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - s32[i] - borrow;
        borrow = digit < 0;
        s32[i] = (uint8_t)digit;
    }
}

static void check_signer(const uint8_t hash32[static 32], const uint8_t signature65[static 65],
                         const uint8_t signer33[static 33])
{
    uint8_t other[65], key[33], address[20];
    FUZZ_REQUIRE(signature65[64] <= 1 || signature65[64] == 27 || signature65[64] == 28);
    FUZZ_REQUIRE(eth_key_address(signer33, address));
    memcpy(other, signature65, 65);
    other[64] = (uint8_t)(signature65[64] <= 1 ? signature65[64] + 27 : signature65[64] - 27);
    FUZZ_REQUIRE(eth_key_recover(hash32, other, key) && memcmp(key, signer33, 33) == 0);
    other[64] ^= signature65[64] <= 1 ? 7 : 1; /* 27 and 28, 0 and 1 */
    negate_s(other + 32);
    FUZZ_REQUIRE(!eth_key_recover(hash32, other, key));
}

/* A signature made here is found to be its key's. */
static void check_own(const uint8_t key32[static 32], const uint8_t hash32[static 32])
{
    uint8_t signature[65], expected[33], signer[33];
    bool signs = eth_key_sign(key32, hash32, signature);
    FUZZ_REQUIRE(signs == eth_key_valid(key32));
    if (!signs) return;
    FUZZ_REQUIRE(eth_key_public(key32, expected) && eth_key_recover(hash32, signature, signer));
    FUZZ_REQUIRE(memcmp(expected, signer, 33) == 0);
    check_signer(hash32, signature, signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t hash[32], signature[65], key[33], root[20], app_id[20], address[20];
    fuzz_fill(&input, hash, sizeof hash);
    fuzz_fill(&input, signature, sizeof signature);
    fuzz_fill(&input, key, sizeof key);
    fuzz_fill(&input, app_id, sizeof app_id);
    check_own(key, hash);
    if (eth_key_recover(hash, signature, key)) check_signer(hash, signature, key);
    if (registry_recover_kms_root(app_id, key, signature, root)) FUZZ_REQUIRE(signature[64] <= 28);
    eth_key_address(key, address);
    return 0;
}
