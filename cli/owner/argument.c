/* SPDX-License-Identifier: MIT */
#include "cli/owner/argument.h"

#include "base/hex.h"
#include "eth/key.h"
#include "registry/connection_url.h"

#include <string.h>
#include <strings.h>

/* What is longer is not told back to who gave it: it may be a private key in the wrong place. */
enum { SHOWN_MAX = 48, ID_DIGITS = 40, HASH_DIGITS = 64 };

/* The contract's MAX_LEASE. */
#define LEASE_MAX ((UINT64_C(1) << 37) - 1)

static const uint8_t zero[20];

static const char *shown(const char *text)
{
    return strlen(text) > SHOWN_MAX ? "..." : text;
}

static int read_instance(const cli_run *run, const char *what, owner_argument *out)
{
    const char *text = out->text;
    if (strlen(text) != ID_DIGITS || !base_hex_is_lower(text, ID_DIGITS) ||
        !base_hex_decode(text, ID_DIGITS, out->bytes32, 20) || !memcmp(out->bytes32, zero, 20))
        return cli_misuse(run, "%s is 40 lowercase hex digits without 0x, not all zero, and not '%s'", what,
                          shown(text));
    out->abi = (eth_abi_arg){.data = text, .len = ID_DIGITS};
    return 0;
}

static int read_address(const cli_run *run, const char *what, bool may_be_zero, owner_argument *out)
{
    if (!eth_address_parse(out->text, out->bytes32))
        return cli_misuse(run, "%s is 0x and 40 hex digits, with a right checksum if in mixed case, not '%s'",
                          what, shown(out->text));
    if (!may_be_zero && !memcmp(out->bytes32, zero, 20))
        return cli_misuse(run, "%s is not the zero address", what);
    out->abi = (eth_abi_arg){.address20 = out->bytes32};
    return 0;
}

/* dstack writes app ids without 0x. */
static int read_app(const cli_run *run, const char *what, owner_argument *out)
{
    char prefixed[43] = "0x";
    const char *text = out->text;
    if (strlen(text) == ID_DIGITS) text = memcpy(prefixed + 2, text, ID_DIGITS + 1) ? prefixed : text;
    if (!eth_address_parse(text, out->bytes32) || !memcmp(out->bytes32, zero, 20))
        return cli_misuse(
            run, "%s is 40 hex digits, with a right checksum if in mixed case, not all zero, and not '%s'",
            what, shown(out->text));
    out->abi = (eth_abi_arg){.address20 = out->bytes32};
    return 0;
}

static int read_domain(const cli_run *run, const char *what, owner_argument *out)
{
    if (!registry_is_base_domain(out->text))
        return cli_misuse(run,
                          "%s is two labels or more of a-z, 0-9 and inner hyphens, such as "
                          "dstack-pha-prod7.phala.network, not '%s'",
                          what, shown(out->text));
    out->abi = (eth_abi_arg){.data = out->text, .len = strlen(out->text)};
    return 0;
}

static int read_hash(const cli_run *run, const char *what, owner_argument *out)
{
    const char *digits = base_hex_skip_prefix(out->text);
    if (!base_hex_decode(digits, strlen(digits), out->bytes32, 32))
        return cli_misuse(run, "%s is %d hex digits, not '%s'", what, HASH_DIGITS, shown(out->text));
    out->abi = (eth_abi_arg){.word32 = out->bytes32};
    return 0;
}

static int read_switch(const cli_run *run, const char *what, owner_argument *out)
{
    bool on = !strcmp(out->text, "on");
    if (!on && strcmp(out->text, "off"))
        return cli_misuse(run, "%s is on or off, not '%s'", what, shown(out->text));
    out->abi = (eth_abi_arg){.value = on};
    return 0;
}

static int read_seconds(const cli_run *run, const char *what, owner_argument *out)
{
    uint64_t ms = 0;
    if (cli_read_milliseconds(run, what, out->text, LEASE_MAX * 1000, &ms)) return CLI_USAGE;
    if (ms % 1000) return cli_misuse(run, "%s takes whole seconds, not '%s'", what, shown(out->text));
    out->abi = (eth_abi_arg){.value = ms / 1000};
    return 0;
}

int owner_read_argument(const cli_run *run, const char *what, owner_kind kind, const char *text,
                        owner_argument *out)
{
    *out = (owner_argument){.text = text};
    switch (kind) {
    case OWNER_INSTANCE:
        return read_instance(run, what, out);
    case OWNER_ADDRESS:
    case OWNER_ADDRESS_OR_ZERO:
        return read_address(run, what, kind == OWNER_ADDRESS_OR_ZERO, out);
    case OWNER_APP:
        return read_app(run, what, out);
    case OWNER_DOMAIN:
        return read_domain(run, what, out);
    case OWNER_HASH:
        return read_hash(run, what, out);
    case OWNER_SWITCH:
        return read_switch(run, what, out);
    default:
        return read_seconds(run, what, out);
    }
}

int owner_refuse_repeats(const cli_run *run)
{
    for (size_t i = 1; i < run->argument_count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcasecmp(base_hex_skip_prefix(run->arguments[i]), base_hex_skip_prefix(run->arguments[j])))
                return cli_misuse(run, "'%s' is given twice", shown(run->arguments[i]));
    return 0;
}
