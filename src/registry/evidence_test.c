/* SPDX-License-Identifier: MIT */
#include "registry/evidence.h"

#include "eth/key.h"
#include "unit.h"

#include <stdio.h>

/* A registration of the vectors, and the verifier that it satisfies. */
typedef struct world {
    registry_verifier verifier;
    registry_event event;
    uint8_t anchor_hash32[32];
} world;

static void read_address(const char *text, uint8_t address20[static 20])
{
    assert_true(eth_address_parse(text, address20));
}

static world make_world(const json_t *vectors, size_t at)
{
    world w = {.event = {.kind = REGISTRY_PEER_REGISTERED}};
    const json_t *vector = json_array_get(json_object_get(vectors, "cases"), at);
    w.verifier.chain_id = unit_number(vector, "chain_id");
    read_address(unit_text(vector, "contract"), w.verifier.contract20);
    read_address(unit_text(vectors, "kms_root_address"), w.verifier.kms_root20);
    read_address(unit_text(vector, "instance_address"), w.event.address20);
    unit_hex(unit_text(vector, "instance_id"), w.event.instance20, 20);
    snprintf(w.event.url, sizeof w.event.url, "%s", unit_text(vector, "connection_url"));
    unit_hex(unit_text(vector, "derived_public_key"), w.event.derived_key33, 33);
    unit_hex(unit_text(vector, "app_signature"), w.event.app_signature73, 73);
    unit_hex(unit_text(vector, "kms_signature"), w.event.kms_signature118, 118);
    unit_hex(unit_text(vector, "anchor_hash"), w.anchor_hash32, 32);
    return w;
}

static world first_world(void)
{
    json_t *vectors = unit_vectors("registration.json");
    world w = make_world(vectors, 0);
    json_decref(vectors);
    return w;
}

static void expect_verdict(world *w, registry_verdict verdict)
{
    registry_verdict found = registry_verify(&w->verifier, &w->event, w->anchor_hash32);
    if (found != verdict)
        fail_msg("%s instead of: %s", registry_verdict_text(found), registry_verdict_text(verdict));
}

static void test_vectors(void **state)
{
    json_t *vectors = unit_vectors("registration.json");
    (void)state;
    for (size_t at = 0; at < 3; at++) {
        world w = make_world(vectors, at);
        const json_t *vector = json_array_get(json_object_get(vectors, "cases"), at);
        assert_int_equal(registry_event_anchor(&w.event), unit_number(vector, "anchor_number"));
        expect_verdict(&w, REGISTRY_PROVEN);
    }
    json_decref(vectors);
}

/* v as the guest agent writes it, and as Ethereum does; nothing else, as in the contract. */
static void test_recovery_ids(void **state)
{
    world good = first_world();
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        world w = good;
        bool same = v == good.event.app_signature73[64] || v == good.event.app_signature73[64] + 27U;
        bool valid = v < 2 || v == 27 || v == 28;
        w.event.app_signature73[64] = (uint8_t)v;
        registry_verdict found = registry_verify(&w.verifier, &w.event, w.anchor_hash32);
        if (same) assert_int_equal(found, REGISTRY_PROVEN);
        if (!valid) assert_int_equal(found, REGISTRY_NO_SIGNATURE);
        if (!same) assert_int_not_equal(found, REGISTRY_PROVEN);
        w = good;
        w.event.kms_signature118[64] = (uint8_t)v;
        found = registry_verify(&w.verifier, &w.event, w.anchor_hash32);
        if (!valid) assert_int_equal(found, REGISTRY_NO_CERTIFICATE);
    }
}

/* n - s is as good a signature to everybody who does not look. */
static void test_high_s(void **state)
{
    static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    world w = first_world();
    uint8_t n[32];
    int borrow = 0;
    (void)state;
    unit_hex(order, n, 32);
    for (int i = 31; i >= 0; i--) {
        int digit = n[i] - w.event.app_signature73[32 + i] - borrow;
        borrow = digit < 0;
        w.event.app_signature73[32 + i] = (uint8_t)digit;
    }
    w.event.app_signature73[64] ^= 1;
    expect_verdict(&w, REGISTRY_NO_SIGNATURE);
}

/* Whatever was signed, with one bit of it another: none of it passes. */
static void test_every_bit_counts(void **state)
{
    world good = first_world();
    const struct {
        size_t offset, len;
    } parts[] = {
        {offsetof(world, verifier.chain_id), 8},
        {offsetof(world, verifier.contract20), 20},
        {offsetof(world, verifier.kms_root20), 20},
        {offsetof(world, event.instance20), 20},
        {offsetof(world, event.address20), 20},
        {offsetof(world, event.url), strlen(good.event.url)},
        {offsetof(world, event.derived_key33), 33},
        {offsetof(world, event.app_signature73), 64}, /* then v, above */
        {offsetof(world, event.app_signature73) + 65, 8},
        {offsetof(world, event.kms_signature118), 64},
        {offsetof(world, event.kms_signature118) + 65, 53},
        {offsetof(world, anchor_hash32), 32},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t bit = 0; bit < 8 * parts[i].len; bit++) {
            world w = good;
            ((uint8_t *)&w)[parts[i].offset + bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (!registry_verify(&w.verifier, &w.event, w.anchor_hash32))
                fail_msg("part %zu is good with bit %zu another", i, bit);
        }
}

static void test_reasons(void **state)
{
    world good = first_world(), w = good;
    (void)state;
    w.event.address20[0] ^= 1;
    expect_verdict(&w, REGISTRY_OTHER_ADDRESS);
    w = good;
    w.event.derived_key33[0] = 4;
    expect_verdict(&w, REGISTRY_OTHER_ADDRESS);
    w = good;
    memset(w.event.kms_signature118, 0xff, 64);
    expect_verdict(&w, REGISTRY_NO_CERTIFICATE);
    w = good;
    w.verifier.kms_root20[19] ^= 1;
    expect_verdict(&w, REGISTRY_OTHER_ROOT);
    w = good;
    memset(w.event.app_signature73, 0, 64);
    expect_verdict(&w, REGISTRY_NO_SIGNATURE);
    w = good;
    snprintf(w.event.url, sizeof w.event.url, "http://localhost:8081");
    expect_verdict(&w, REGISTRY_OTHER_SIGNER);
    w = good;
    w.verifier.chain_id = 1;
    expect_verdict(&w, REGISTRY_OTHER_SIGNER);
}

/* One certificate remembered is not another one's, good or bad. */
static void test_remembered_certificate(void **state)
{
    world w = first_world();
    const registry_event good = w.event;
    (void)state;
    expect_verdict(&w, REGISTRY_PROVEN);
    expect_verdict(&w, REGISTRY_PROVEN);
    w.event.kms_signature118[117] ^= 1; /* another app */
    expect_verdict(&w, REGISTRY_OTHER_ROOT);
    expect_verdict(&w, REGISTRY_OTHER_ROOT);
    w.event = good;
    expect_verdict(&w, REGISTRY_PROVEN);
    w.event.app_signature73[0] ^= 1;
    assert_int_not_equal(registry_verify(&w.verifier, &w.event, w.anchor_hash32), REGISTRY_PROVEN);
}

static void test_apps(void **state)
{
    world w = first_world();
    uint8_t apps[2][20] = {{1}};
    (void)state;
    w.verifier.app_ids20 = (const uint8_t(*)[20])apps;
    w.verifier.app_count = 2;
    expect_verdict(&w, REGISTRY_OTHER_APP);
    memcpy(apps[1], w.event.kms_signature118 + 98, 20);
    w.verifier.has_certificate = false;
    expect_verdict(&w, REGISTRY_PROVEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_recovery_ids),
        cmocka_unit_test(test_high_s),  cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_remembered_certificate),
        cmocka_unit_test(test_apps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
