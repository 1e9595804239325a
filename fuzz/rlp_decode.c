/* SPDX-License-Identifier: MIT */
#include "rlp_decode.h"

enum { STRING = 0x80, LIST = 0xc0, SHORT_MAX = 55 };

/* The length in the `width` bytes behind a prefix: no leading zeros, and none that fits the short form. */
static size_t long_length(fuzz_rlp *encoded, size_t width)
{
    size_t len = 0;
    FUZZ_REQUIRE(width >= 1 && width <= 8 && encoded->len >= width && encoded->data[0] != 0);
    for (size_t i = 0; i < width; i++)
        len = len << 8 | encoded->data[i];
    encoded->data += width;
    encoded->len -= width;
    FUZZ_REQUIRE(len > SHORT_MAX);
    return len;
}

static fuzz_rlp take(fuzz_rlp *encoded, size_t len)
{
    FUZZ_REQUIRE(len <= encoded->len);
    fuzz_rlp content = {encoded->data, len};
    encoded->data += len;
    encoded->len -= len;
    return content;
}

/* The content behind a prefix of the kind that begins at `base`. */
static fuzz_rlp take_item(fuzz_rlp *encoded, unsigned base)
{
    uint8_t prefix = *take(encoded, 1).data;
    FUZZ_REQUIRE(prefix >= base && prefix < base + 64);
    size_t len = prefix - base;
    if (len > SHORT_MAX) len = long_length(encoded, len - SHORT_MAX);
    return take(encoded, len);
}

fuzz_rlp fuzz_rlp_string(fuzz_rlp *encoded)
{
    FUZZ_REQUIRE(encoded->len);
    if (encoded->data[0] < STRING) return take(encoded, 1);
    fuzz_rlp content = take_item(encoded, STRING);
    FUZZ_REQUIRE(content.len != 1 || content.data[0] >= STRING);
    return content;
}

fuzz_rlp fuzz_rlp_list(fuzz_rlp *encoded)
{
    return take_item(encoded, LIST);
}

eth_wei fuzz_rlp_uint(fuzz_rlp *encoded)
{
    fuzz_rlp bytes = fuzz_rlp_string(encoded);
    eth_wei value = 0;
    FUZZ_REQUIRE(bytes.len <= sizeof value && (!bytes.len || bytes.data[0]));
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    return value;
}
