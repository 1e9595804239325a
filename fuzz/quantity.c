/* SPDX-License-Identifier: MIT */

/* JSON-RPC's numbers and data, addresses, and amounts as people read them. */

#include "eth/quantity.h"
#include "base/hex.h"
#include "eth/key.h"
#include "fuzz.h"

#include <string.h>

/* What a number of hex digits is worth, found in another way: without leading zeros, by their count. */
static bool expected_wei(const char *text, size_t len, eth_wei *wei)
{
    size_t digits = len < 2 || memcmp(text, "0x", 2) != 0 ? 0 : strspn(text + 2, "0123456789abcdefABCDEF");
    if (!digits || digits != len - 2 || digits > 64) return false;
    const char *at = text + 2 + strspn(text + 2, "0");
    if (strlen(at) > 32) {
        *wei = ETH_WEI_MAX;
        return true;
    }
    *wei = 0;
    for (; *at; at++)
        *wei = *wei * 16 +
               (eth_wei)(strchr("0123456789abcdef", *at | (*at > '9' ? 0x20 : 0)) - "0123456789abcdef");
    return true;
}

static void check_number(const json_t *value, const char *text, size_t len)
{
    eth_wei wei = 0, expected = 0;
    uint64_t number = 0;
    bool valid = expected_wei(text, len, &expected);
    FUZZ_REQUIRE(eth_quantity_wei(value, &wei) == valid);
    FUZZ_REQUIRE(wei == expected);
    FUZZ_REQUIRE(eth_quantity_u64(value, &number) == (valid && expected <= INT64_MAX));
    FUZZ_REQUIRE(number == (expected <= INT64_MAX ? expected : 0));
}

/* The digits of a formatted amount, times its unit, are the amount again. */
static void check_format(eth_wei wei, void (*format)(eth_wei, char *), size_t decimals)
{
    char text[ETH_WEI_TEXT];
    format(wei, text);
    FUZZ_REQUIRE(strlen(text) < ETH_WEI_TEXT && fuzz_is_printable(text));
    eth_wei back = 0;
    size_t behind = 0;
    bool point = false;
    for (const char *at = text; *at != ' '; at++) {
        if (*at == '.')
            point = true;
        else
            back = back * 10 + (eth_wei)(*at - '0'), behind += point;
    }
    for (; behind < decimals; behind++)
        back *= 10;
    FUZZ_REQUIRE(back == wei);
}

static void format_ether(eth_wei wei, char *text)
{
    eth_wei_format(wei, text);
}

static void format_gwei(eth_wei wei, char *text)
{
    eth_wei_format_gwei(wei, text);
}

static void check_data(const json_t *value)
{
    uint8_t fixed[32];
    base_buf bytes = base_buf_make(1024 * 1024);
    bool any = eth_data_bytes(value, &bytes);
    bool whole = eth_data_fixed(value, fixed, sizeof fixed);
    FUZZ_REQUIRE(whole == (any && bytes.len == sizeof fixed));
    FUZZ_REQUIRE(!whole || memcmp(fixed, bytes.data, sizeof fixed) == 0);
    FUZZ_REQUIRE(any || bytes.len == 0);
    base_buf_free(&bytes);
}

static void check_address(const char *text)
{
    uint8_t address[20], again[20];
    char shown[43];
    if (!eth_address_parse(text, address)) return;
    FUZZ_REQUIRE(strlen(text) == 42 && strncmp(text, "0x", 2) == 0);
    eth_address_format(address, shown);
    FUZZ_REQUIRE(eth_address_parse(shown, again) && memcmp(address, again, 20) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    eth_wei wei = (eth_wei)fuzz_u64(&(fuzz_input){data, size}) << (size % 65);
    char *text = fuzz_text(&input);
    json_t *value = json_stringn(text, size);
    check_format(wei, format_ether, 18);
    check_format(wei, format_gwei, 9);
    check_address(text);
    if (value) {
        check_number(value, text, size);
        check_data(value);
    }
    json_decref(value);
    free(text);
    return 0;
}
