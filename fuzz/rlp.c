/* SPDX-License-Identifier: MIT */

/* RLP: a program of items and nested lists, encoded by us and taken apart by a decoder that knows one
 * encoding. */

#include "eth/rlp.h"
#include "fuzz.h"
#include "rlp_decode.h"

#include <string.h>

enum { DEPTH_MAX = 4, ENCODED_MAX = 256 * 1024 };

enum { BYTES, LONG_BYTES, UINT, UINT256, LIST, END, KINDS };

static void encode_bytes(fuzz_input *program, size_t len, base_buf *out)
{
    uint8_t *bytes = fuzz_bytes(program, &len);
    eth_rlp_bytes(out, bytes, len);
    free(bytes);
}

static eth_wei take_wei(fuzz_input *program)
{
    eth_wei high = fuzz_u64(program);
    unsigned shift = fuzz_byte(program) % 128;
    return (high << 64 | fuzz_u64(program)) >> shift;
}

static void encode_uint256(fuzz_input *program, base_buf *out)
{
    uint8_t value[32];
    fuzz_fill(program, value, sizeof value);
    eth_rlp_uint256(out, value);
}

/* The items up to an END or the end of the program. */
static void encode(fuzz_input *program, base_buf *out, int depth)
{
    while (program->len) {
        base_buf items = base_buf_make(ENCODED_MAX);
        uint8_t kind = (uint8_t)(fuzz_byte(program) % KINDS);
        if (kind == END) return;
        if (kind == BYTES) encode_bytes(program, fuzz_byte(program), out);
        if (kind == LONG_BYTES) encode_bytes(program, program->len, out);
        if (kind == UINT) eth_rlp_uint(out, take_wei(program));
        if (kind == UINT256) encode_uint256(program, out);
        if (kind == LIST && depth < DEPTH_MAX) {
            encode(program, &items, depth + 1);
            eth_rlp_list(out, &items);
        }
        base_buf_free(&items);
    }
}

static void check_bytes(fuzz_input *program, size_t len, fuzz_rlp *encoded)
{
    uint8_t *bytes = fuzz_bytes(program, &len);
    fuzz_rlp content = fuzz_rlp_string(encoded);
    FUZZ_REQUIRE(content.len == len && (!len || memcmp(content.data, bytes, len) == 0));
    free(bytes);
}

static void check_uint256(fuzz_input *program, fuzz_rlp *encoded)
{
    uint8_t value[32], back[32] = {0};
    fuzz_fill(program, value, sizeof value);
    fuzz_rlp content = fuzz_rlp_string(encoded);
    FUZZ_REQUIRE(content.len <= 32 && (!content.len || content.data[0]));
    if (content.len) memcpy(back + 32 - content.len, content.data, content.len);
    FUZZ_REQUIRE(memcmp(value, back, 32) == 0);
}

/* Runs the same program against the encoding. */
static void check(fuzz_input *program, fuzz_rlp *encoded, int depth)
{
    while (program->len) {
        uint8_t kind = (uint8_t)(fuzz_byte(program) % KINDS);
        if (kind == END) return;
        if (kind == BYTES) check_bytes(program, fuzz_byte(program), encoded);
        if (kind == LONG_BYTES) check_bytes(program, program->len, encoded);
        if (kind == UINT) FUZZ_REQUIRE(take_wei(program) == fuzz_rlp_uint(encoded));
        if (kind == UINT256) check_uint256(program, encoded);
        if (kind == LIST && depth < DEPTH_MAX) {
            fuzz_rlp items = fuzz_rlp_list(encoded);
            check(program, &items, depth + 1);
            FUZZ_REQUIRE(items.len == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input program = {data, size}, again = program;
    base_buf out = base_buf_make(ENCODED_MAX);
    encode(&program, &out, 0);
    FUZZ_REQUIRE(!base_buf_failed(&out));
    fuzz_rlp encoded = {(const uint8_t *)out.data, out.len};
    check(&again, &encoded, 0);
    FUZZ_REQUIRE(encoded.len == 0);
    base_buf_free(&out);
    return 0;
}
