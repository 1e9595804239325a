/* SPDX-License-Identifier: MIT */
#include "eth/key.h"

#include "base/hex.h"
#include "base/secret.h"
#include "eth/keccak.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_recovery.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

/* libsecp256k1 ends the process when it cannot allocate: it gets memory that is there. */
static _Alignas(max_align_t) unsigned char context_memory[1024];
static secp256k1_context *shared_context;
static pthread_once_t context_once = PTHREAD_ONCE_INIT;

/* One context for the process, blinded against side channels before its first use and never changed
 * afterwards: that is what libsecp256k1 asks for when threads share one. It works unblinded as well, so
 * a failure of either call is no failure of ours. */
static void make_context(void)
{
    uint8_t seed[32];
    if (secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE) <= sizeof context_memory)
        shared_context = secp256k1_context_preallocated_create(context_memory, SECP256K1_CONTEXT_NONE);
    else
        shared_context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (getrandom(seed, sizeof seed, 0) == sizeof seed)
        (void)!secp256k1_context_randomize(shared_context, seed);
    base_wipe(seed, sizeof seed);
}

static const secp256k1_context *context(void)
{
    pthread_once(&context_once, make_context);
    return shared_context;
}

bool eth_key_valid(const uint8_t private_key32[static 32])
{
    return secp256k1_ec_seckey_verify(context(), private_key32);
}

static bool serialize(const secp256k1_pubkey *key, uint8_t public_key33[static 33])
{
    size_t len = 33;
    return secp256k1_ec_pubkey_serialize(context(), public_key33, &len, key, SECP256K1_EC_COMPRESSED);
}

bool eth_key_public(const uint8_t private_key32[static 32], uint8_t public_key33[static 33])
{
    secp256k1_pubkey key;
    return secp256k1_ec_pubkey_create(context(), &key, private_key32) && serialize(&key, public_key33);
}

bool eth_key_sign(const uint8_t private_key32[static 32], const uint8_t hash32[static 32],
                  uint8_t signature65[static 65])
{
    secp256k1_ecdsa_recoverable_signature signature;
    int recovery_id = 0;
    if (!secp256k1_ecdsa_sign_recoverable(context(), &signature, hash32, private_key32, NULL, NULL))
        return false;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), signature65, &recovery_id, &signature);
    signature65[64] = (uint8_t)recovery_id;
    return true;
}

static bool is_low_s(const secp256k1_ecdsa_recoverable_signature *signature)
{
    secp256k1_ecdsa_signature plain, normal;
    secp256k1_ecdsa_recoverable_signature_convert(context(), &plain, signature);
    return !secp256k1_ecdsa_signature_normalize(context(), &normal, &plain);
}

bool eth_key_recover(const uint8_t hash32[static 32], const uint8_t signature65[static 65],
                     uint8_t public_key33[static 33])
{
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    uint8_t v = signature65[64];
    if (v >= 27) v = (uint8_t)(v - 27);
    if (v > 1) return false;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &signature, signature65, v))
        return false;
    return is_low_s(&signature) && secp256k1_ecdsa_recover(context(), &key, &signature, hash32) &&
           serialize(&key, public_key33);
}

bool eth_key_address(const uint8_t public_key33[static 33], uint8_t address20[static 20])
{
    secp256k1_pubkey key;
    uint8_t point[65], hash[32];
    size_t len = sizeof point;
    if (!secp256k1_ec_pubkey_parse(context(), &key, public_key33, 33)) return false;
    secp256k1_ec_pubkey_serialize(context(), point, &len, &key, SECP256K1_EC_UNCOMPRESSED);
    eth_keccak256(point + 1, 64, hash);
    memcpy(address20, hash + 12, 20);
    return true;
}

void eth_address_format(const uint8_t address20[static 20], char text43[static 43])
{
    uint8_t hash[32];
    memcpy(text43, "0x", 2);
    base_hex_encode(address20, 20, text43 + 2);
    eth_keccak256(text43 + 2, 40, hash);
    for (int i = 0; i < 40; i++) {
        /* Every other time on average, which is what processors guess worst: no branch. */
        int is_upper = hash[i / 2] >> (i % 2 ? 3 : 7) & (text43[2 + i] >= 'a');
        text43[2 + i] = (char)(text43[2 + i] - 0x20 * is_upper);
    }
}

static bool is_one_case(const char *digits)
{
    return !digits[strcspn(digits, "ABCDEF")] || !digits[strcspn(digits, "abcdef")];
}

bool eth_address_parse(const char *text, uint8_t address20[static 20])
{
    char checksummed[43];
    if (strlen(text) != 42 || strncmp(text, "0x", 2) != 0) return false;
    if (!base_hex_decode(text + 2, 40, address20, 20)) return false;
    if (is_one_case(text + 2)) return true;
    eth_address_format(address20, checksummed);
    return strcmp(text, checksummed) == 0;
}
