/* SPDX-License-Identifier: MIT */

/* The contract's URL rules: each check implies the weaker ones, and what passes cannot be spelt in another
 * way. */

#include "registry/connection_url.h"
#include "base/hex.h"
#include "fuzz.h"
#include "net/url.h"

#include <ctype.h>
#include <string.h>

/* An upper-case letter anywhere would be another spelling of the same place. */
static void check_case(char *url)
{
    const char *base;
    size_t len;
    for (char *at = url; *at; at++) {
        if (!islower((unsigned char)*at)) continue;
        *at = (char)toupper((unsigned char)*at);
        FUZZ_REQUIRE(registry_url_check_production(url, &base, &len));
        *at = (char)tolower((unsigned char)*at);
    }
}

static void check_base(const char *url, const char *base, size_t len)
{
    FUZZ_REQUIRE(base > url && len && base + len <= url + strlen(url));
    FUZZ_REQUIRE(base[-1] == '.' && (base[len] == ':' || base[len] == '/' || !base[len]));
    for (size_t i = 0; i < len; i++)
        FUZZ_REQUIRE(islower((unsigned char)base[i]) || isdigit((unsigned char)base[i]) || base[i] == '.' ||
                     base[i] == '-');
}

static void check_binding(const char *url, const uint8_t instance20[static 20])
{
    char id[41];
    base_hex_encode(instance20, 20, id);
    bool bound = registry_url_is_bound(url, instance20);
    if (bound) FUZZ_REQUIRE(strncmp(url + strlen("https://"), id, 40) == 0);
    if (registry_url_is_gateway(url, instance20)) FUZZ_REQUIRE(bound && url[strlen(url) - 1] != '/');
}

static void check_passed(char *url, const uint8_t instance20[static 20])
{
    uint8_t other[20];
    const char *base;
    size_t len;
    FUZZ_REQUIRE(registry_url_is_printable(url) && net_url_is_http(url));
    FUZZ_REQUIRE(strncmp(url, "https://", 8) == 0 && !strpbrk(url, "@?#\\%"));
    check_case(url);
    FUZZ_REQUIRE(!registry_url_check_production(url, &base, &len));
    check_base(url, base, len);
    check_binding(url, instance20);
    memcpy(other, instance20, 20);
    other[19] ^= 1;
    FUZZ_REQUIRE(!registry_url_is_bound(url, instance20) || !registry_url_is_bound(url, other));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t instance[20] = {0x16, 0x91, 0xed, 0x1b, 0x47, 0x50, 0x6c, 0xad, 0x7d, 0x08,
                            0x83, 0x46, 0x68, 0x69, 0x1d, 0x88, 0x24, 0x6f, 0x5b, 0x1f};
    const char *base;
    size_t len;
    char *url = fuzz_text(&input);
    const char *refusal = registry_url_check_production(url, &base, &len);
    if (refusal)
        FUZZ_REQUIRE(*refusal && fuzz_is_printable(refusal));
    else
        check_passed(url, instance);
    free(url);
    return 0;
}
