/* SPDX-License-Identifier: MIT */
#include "eth/keccak.h"

#include "unit.h"

static void expect_text(const char *text, const char *hash)
{
    uint8_t out[32];
    eth_keccak256(text, strlen(text), out);
    assert_hex(out, 32, hash);
}

static void test_known_texts(void **state)
{
    (void)state;
    expect_text("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect_text("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    expect_text("The quick brown fox jumps over the lazy dog",
                "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
}

/* Around the block of 136 bytes, where padding needs a block of its own or shares its one byte. */
static void test_lengths(void **state)
{
    static const struct {
        size_t len;
        const char *hash; /* cast keccak of the pattern */
    } cases[] = {
        {0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {1, "5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2"},
        {32, "99d1533d5b1f52d46ed078f873d9e797591d47911c8622346cba44a38b23c06b"},
        {135, "34bd7bed52ea092f88bc887256e7f06500ee814afa9a5566e22030af2ef1c5c0"},
        {136, "2b31811a93dfc4bdc41b6aa7790e784b987c25a2c8a0e101cfa694552dc8ae39"},
        {137, "a6103b089a404974c2b460048bfddd45108748fbdd9bad451f54d1fe95f8f284"},
        {271, "3915ac0d86093104c62ea954228b28802e32a97eaaf854cccaaf526dd14f919e"},
        {272, "415fd325cae3a2f957fea2770d710027317ced7e7266a59905102c14fdb9959a"},
        {273, "5091b58a169d72e691cd40c2796dfe52ec91c538f682485c5424971ed02cd906"},
        {1000, "5f6640d51e97fd85a8fab8981a24c2fcdd022cab5e529f6879475f1f048b6254"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t pattern[1000], out[32];
        unit_pattern(pattern, cases[i].len);
        uint8_t *data = unit_copy(pattern, cases[i].len);
        eth_keccak256(data, cases[i].len, out);
        assert_hex(out, 32, cases[i].hash);
        free(data);
    }
}

static void test_nothing_may_be_null(void **state)
{
    uint8_t out[32];
    (void)state;
    eth_keccak256(NULL, 0, out);
    assert_hex(out, 32, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

/* The hash of each prefix of a text is hashed on: one wrong length shows in the end. */
static void test_every_length_up_to_three_blocks(void **state)
{
    uint8_t data[32 + 409], out[32];
    (void)state;
    memset(data, 0, sizeof data);
    unit_pattern(data + 32, 409);
    for (size_t len = 0; len <= 409; len++) {
        eth_keccak256(data, 32 + len, out);
        memcpy(data, out, 32);
    }
    assert_hex(out, 32, "d4506600ad36f5ca6c54cd4bb18eed7ba4a5aa85af8ab2e35d044ef46cdc31a5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_texts),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_nothing_may_be_null),
        cmocka_unit_test(test_every_length_up_to_three_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
