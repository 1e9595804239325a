/* SPDX-License-Identifier: MIT */
#include "registration.h"

#include "eth/key.h"

#include <stdlib.h>
#include <string.h>

/* The order of secp256k1, and the highest s that counts as low. */
static const uint8_t order32[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                    0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
static const uint8_t half32[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                   0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

static void flip(void *data, size_t len, random_source *random)
{
    size_t bit = random_below(random, 8 * len);
    ((uint8_t *)data)[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

/* Another number, neither zero nor of 64 bits. */
static uint64_t flip_number(uint64_t number, random_source *random)
{
    uint64_t other = number ^ UINT64_C(1) << random_below(random, 63);
    return other ? other : number + 1;
}

/* Either signature. */
static uint8_t *some_signature(registration *it, random_source *random)
{
    return random_below(random, 2) ? it->app_signature65 : it->kms_signature65;
}

/* What the statement binds, after it was signed */

static void change_chain_id(registration *it, random_source *random)
{
    it->statement.chain_id = flip_number(it->statement.chain_id, random);
}

static void change_contract(registration *it, random_source *random)
{
    flip(it->statement.contract20, 20, random);
}

static void change_instance(registration *it, random_source *random)
{
    flip(it->statement.instance20, 20, random);
}

static void change_anchor_number(registration *it, random_source *random)
{
    it->statement.anchor_number = flip_number(it->statement.anchor_number, random);
}

static void change_anchor_hash(registration *it, random_source *random)
{
    flip(it->statement.anchor_hash32, 32, random);
}

/* Another URL, but one that dev mode takes: a byte is another, a byte more, or the end is missing. */
static void change_url(registration *it, random_source *random)
{
    size_t len = strlen(it->url), at = random_below(random, len + 1);
    if (at == len && len < REGISTRY_URL_MAX) {
        it->url[len] = 'x';
        it->url[len + 1] = '\0';
    } else if (random_below(random, 2) && len > 1) {
        it->url[at == len ? len - 1 : at] = '\0';
    } else {
        at = at == len ? 0 : at;
        it->url[at] = it->url[at] == 'x' ? 'y' : 'x';
    }
}

/* Keys and ids */

static void change_derived_key(registration *it, random_source *random)
{
    flip(it->derived_key33, 33, random);
}

static void change_app_key(registration *it, random_source *random)
{
    flip(it->app_key33, 33, random);
}

static void change_app_id(registration *it, random_source *random)
{
    flip(it->app_id20, 20, random);
}

static void change_root(registration *it, random_source *random)
{
    if (random_below(random, 2))
        flip(it->kms_root20, 20, random);
    else
        random_bytes(random, it->kms_root20, 20);
}

/* The rest is right: it is what was signed. */
static void give_derived_key_another_prefix(registration *it, random_source *random)
{
    static const uint8_t prefixes[] = {0, 1, 4, 5, 6, 7, 0x82, 0xff};
    it->derived_key33[0] = prefixes[random_below(random, sizeof prefixes)];
    registration_sign_statement(it);
}

/* About half of all numbers are no x of a point. */
static void move_derived_key_off_the_curve(registration *it, random_source *random)
{
    uint8_t address[20];
    do
        random_bytes(random, it->derived_key33 + 1, 32);
    while (eth_key_address(it->derived_key33, address));
    registration_sign_statement(it);
}

/* A point of the curve whose x is less than 2^62 away from the order; its private key nobody knows. */
static void put_about_order(uint8_t public_key33[static 33], bool above, random_source *random)
{
    uint8_t address[20];
    public_key33[0] = (uint8_t)(2 + random_below(random, 2));
    do {
        uint64_t distance = random_u64(random) >> 2 >> random_below(random, 62), x = 0;
        memcpy(public_key33 + 1, order32, 32);
        for (int i = 24; i < 32; i++)
            x = x << 8 | order32[i];
        x = above ? x + distance : x - 1 - distance;
        for (int i = 32; i > 24; i--, x >>= 8)
            public_key33[i] = (uint8_t)x;
    } while (!eth_key_address(public_key33, address));
}

static void put_derived_key_about_order(registration *it, random_source *random)
{
    put_about_order(it->derived_key33, random_below(random, 2), random);
    registration_sign_statement(it);
}

static void put_app_key_about_order(registration *it, random_source *random)
{
    put_about_order(it->app_key33, random_below(random, 2), random);
    registration_sign_certificate(it);
}

/* Certificate of another app, by the same root. */
static void bring_certificate_of_another_app(registration *it, random_source *random)
{
    uint8_t other_private_key[32];
    registration_make_key(random, other_private_key, it->app_key33);
    if (random_below(random, 2)) random_bytes(random, it->app_id20, 20);
    registration_sign_certificate(it);
}

/* Another key signs the statement as if it were the app's. */
static void sign_as_another_app(registration *it, random_source *random)
{
    uint8_t other_key[33];
    registration_make_key(random, it->app_private_key32, other_key);
    registration_sign_statement(it);
}

/* Signatures */

static void change_app_signature(registration *it, random_source *random)
{
    flip(it->app_signature65, 65, random);
}

static void change_kms_signature(registration *it, random_source *random)
{
    flip(it->kms_signature65, 65, random);
}

/* The other signature by the same key of the same message: n - s, and the other v. */
static void negate_s(registration *it, random_source *random)
{
    uint8_t *signature = some_signature(it, random);
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = order32[i] - signature[32 + i] - borrow;
        borrow = digit < 0;
        signature[32 + i] = (uint8_t)digit;
    }
    signature[64] ^= 1;
}

static void swap_v(registration *it, random_source *random)
{
    some_signature(it, random)[64] ^= 1;
}

static void give_v_another_form(registration *it, random_source *random)
{
    size_t which = random_below(random, 3);
    if (which != 0) it->app_signature65[64] += 27;
    if (which != 1) it->kms_signature65[64] += 27;
}

static void give_v_no_form(registration *it, random_source *random)
{
    static const uint8_t odd[] = {2, 3, 4, 26, 29, 30, 31, 35, 36, 37, 38, 54, 55, 128, 254, 255};
    uint8_t *signature = some_signature(it, random);
    signature[64] = odd[random_below(random, sizeof odd)];
    /* 2 and 3 stand for an x of r + n, which only a small r leaves room for. */
    if (random_below(random, 2)) memset(signature, 0, 24);
}

static void zero_signature(registration *it, random_source *random)
{
    memset(some_signature(it, random), 0, random_below(random, 2) ? 65 : 64);
}

static void swap_signatures(registration *it, random_source *random)
{
    uint8_t other[65];
    (void)random;
    memcpy(other, it->app_signature65, 65);
    memcpy(it->app_signature65, it->kms_signature65, 65);
    memcpy(it->kms_signature65, other, 65);
}

/* Sets r or s to 0, 1, the order or the highest low s, each less one, as it is, or one more. */
static void put_r_or_s_at_a_limit(registration *it, random_source *random)
{
    static const uint8_t one[32] = {[31] = 1};
    const uint8_t *const limits[] = {one, order32, half32};
    uint8_t *number = some_signature(it, random) + (random_below(random, 4) ? 32 : 0);
    memcpy(number, limits[random_below(random, 3)], 32);
    number[31] =
        (uint8_t)(number[31] + random_below(random, 3) - 1); /* no limit's last byte is 0x00 or 0xff */
}

/* URLs that are signed as they are */

static void withdraw(registration *it, random_source *random)
{
    (void)random;
    it->url[0] = '\0';
    registration_sign_statement(it);
}

static void put_invisible_byte_into_url(registration *it, random_source *random)
{
    size_t len = strlen(it->url), at = len ? random_below(random, len) : 0;
    size_t c = 1 + random_below(random, 0x20 + 0x81);
    it->url[at] = (char)(c <= 0x20 ? c : c - 0x21 + 0x7f);
    if (!len) it->url[1] = '\0';
    registration_sign_statement(it);
}

const mutation mutations[] = {
    {"chain id", change_chain_id, false},
    {"contract", change_contract, false},
    {"instance id", change_instance, false},
    {"URL", change_url, false},
    {"anchor number", change_anchor_number, false},
    {"anchor hash", change_anchor_hash, false},
    {"derived key", change_derived_key, false},
    {"derived key's prefix", give_derived_key_another_prefix, false},
    {"derived key off the curve", move_derived_key_off_the_curve, false},
    {"app key", change_app_key, false},
    {"app key about the order", put_app_key_about_order, false},
    {"app id", change_app_id, false},
    {"KMS root", change_root, false},
    {"certificate of another app", bring_certificate_of_another_app, false},
    {"statement of another app", sign_as_another_app, false},
    {"app signature", change_app_signature, false},
    {"KMS signature", change_kms_signature, false},
    {"signatures swapped", swap_signatures, false},
    {"s negated", negate_s, false},
    {"v swapped", swap_v, false},
    {"v of no form", give_v_no_form, false},
    {"no signature", zero_signature, false},
    {"r or s at a limit", put_r_or_s_at_a_limit, false},
    {"invisible byte in the URL", put_invisible_byte_into_url, false},
    {"v of 27 or 28", give_v_another_form, true},
    {"withdrawal", withdraw, true},
    /* From the order on the contract alone refuses it: see Registrations.t.sol. */
    {"derived key about the order", put_derived_key_about_order, true},
};
const size_t mutations_count = sizeof mutations / sizeof *mutations;
