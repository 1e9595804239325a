/* SPDX-License-Identifier: MIT */
#include "registration.h"

#include "eth/key.h"
#include "registry/connection_url.h"
#include "registry/key_chain.h"

#include <stdlib.h>
#include <string.h>

uint64_t random_u64(random_source *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t random_below(random_source *random, size_t limit)
{
    return (size_t)(random_u64(random) % limit);
}

void random_bytes(random_source *random, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)random_u64(random);
}

/* 1 to 63 bits, each length as likely as another: so much a chain's id and a block's number may have in
 * forge. */
static uint64_t random_number(random_source *random)
{
    return UINT64_C(1) << 62 >> random_below(random, 63) |
           random_u64(random) >> 2 >> random_below(random, 62);
}

static void make_url(registration *it, random_source *random)
{
    size_t len = random_below(random, 8) ? random_below(random, REGISTRY_URL_MAX + 1) : 0;
    for (size_t i = 0; i < len; i++)
        it->url[i] = (char)(0x21 + random_below(random, 0x7f - 0x21));
    it->url[len] = '\0';
    it->statement.url = it->url;
}

void registration_make_key(random_source *random, uint8_t private_key32[static 32],
                           uint8_t public_key33[static 33])
{
    do
        random_bytes(random, private_key32, 32);
    while (!eth_key_public(private_key32, public_key33));
}

void registration_sign_statement(registration *it)
{
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t hash[32];
    registry_purpose(&it->statement, purpose);
    registry_app_message_hash(purpose, it->derived_key33, hash);
    if (!eth_key_sign(it->app_private_key32, hash, it->app_signature65)) abort();
}

void registration_sign_certificate(registration *it)
{
    uint8_t hash[32];
    registry_kms_message_hash(it->app_id20, it->app_key33, hash);
    if (!eth_key_sign(it->root_private_key32, hash, it->kms_signature65)) abort();
}

void registration_make(registration *it, random_source *random)
{
    uint8_t root_key[33], derived_private_key[32];
    it->statement.chain_id = random_number(random);
    random_bytes(random, it->statement.contract20, 20);
    random_bytes(random, it->statement.instance20, 20);
    make_url(it, random);
    /* The contract keeps 38 bits of a block's number, and refuses a chain that has more. */
    it->statement.anchor_number = 1 + random_number(random) % ((1ull << 38) - 2);
    random_bytes(random, it->statement.anchor_hash32, 32);
    random_bytes(random, it->app_id20, 20);
    registration_make_key(random, it->root_private_key32, root_key);
    registration_make_key(random, it->app_private_key32, it->app_key33);
    registration_make_key(random, derived_private_key, it->derived_key33);
    if (!eth_key_address(root_key, it->kms_root20)) abort();
    registration_sign_statement(it);
    registration_sign_certificate(it);
}

/* The address, or zero. */
static bool address_of(const uint8_t public_key33[static 33], uint8_t address20[static 20])
{
    memset(address20, 0, 20);
    return eth_key_address(public_key33, address20);
}

void registration_conclude(const registration *it, registration_outcome *out)
{
    uint8_t signer[33];
    registry_statement_hash(&it->statement, out->statement32);
    registry_purpose(&it->statement, out->purpose);
    registry_app_message_hash(out->purpose, it->derived_key33, out->app_message32);
    registry_kms_message_hash(it->app_id20, it->app_key33, out->kms_message32);
    bool derived = address_of(it->derived_key33, out->instance20);
    address_of(it->app_key33, out->app20);
    memset(out->app_signer20, 0, 20);
    memset(out->root_signer20, 0, 20);
    bool app = registry_recover_app_key(out->purpose, it->derived_key33, it->app_signature65, signer) &&
               address_of(signer, out->app_signer20) && memcmp(signer, it->app_key33, 33) == 0;
    bool root =
        registry_recover_kms_root(it->app_id20, it->app_key33, it->kms_signature65, out->root_signer20) &&
        memcmp(out->root_signer20, it->kms_root20, 20) == 0;
    out->url_fits = !*it->url || registry_url_is_printable(it->url);
    out->accepted = derived && app && root && out->url_fits;
}
