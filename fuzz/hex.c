/* SPDX-License-Identifier: MIT */

/* Hex: any bytes survive the way there and back, and nothing but whole digits is decoded. */

#include "base/hex.h"
#include "fuzz.h"

#include <string.h>

static const char digits[] = "0123456789abcdefABCDEF";

static void check_there_and_back(const uint8_t *data, size_t len)
{
    char *text = malloc(2 * len + 1);
    uint8_t *back = malloc(len + 1);
    FUZZ_REQUIRE(text && back);
    base_hex_encode(data, len, text);
    FUZZ_REQUIRE(strlen(text) == 2 * len && base_hex_is_lower(text, 2 * len));
    FUZZ_REQUIRE(base_hex_decode(text, 2 * len, back, len));
    FUZZ_REQUIRE(!len || memcmp(back, data, len) == 0);
    free(text);
    free(back);
}

static bool is_all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!text[i] || !strchr(digits, text[i])) return false;
    return true;
}

static void check_decoding(const char *text, size_t len)
{
    uint8_t *out = malloc(len / 2 + 1);
    char *again = malloc(len + 2);
    FUZZ_REQUIRE(out && again);
    bool decoded = base_hex_decode(text, len, out, len / 2);
    FUZZ_REQUIRE(decoded == (len % 2 == 0 && is_all_digits(text, len)));
    if (decoded) {
        base_hex_encode(out, len / 2, again);
        for (size_t i = 0; i < len; i++)
            FUZZ_REQUIRE(again[i] == (text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') : text[i]));
    }
    FUZZ_REQUIRE(!base_hex_decode(text, len, out, len / 2 + 1));
    free(out);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t *bytes = fuzz_bytes(&input, &size);
    check_there_and_back(bytes, size);
    check_decoding((const char *)bytes, size);
    free(bytes);
    return 0;
}
