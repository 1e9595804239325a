/* SPDX-License-Identifier: MIT */
#include "cli/verify/fields.h"

#include "base/hex.h"
#include "eth/key.h"

#include <string.h>

bool cli_fields_refuse(const cli_fields *fields, const char *name, const char *why)
{
    base_fail(fields->error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "%s'%.40s' %s", fields->where, name, why);
    return false;
}

static bool is_named(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name)) return true;
    return false;
}

bool cli_fields_open(cli_fields *fields, const char *const *names)
{
    json_t *object = (json_t *)(uintptr_t)fields->object; /* to go through, which changes nothing */
    if (!json_is_object(object)) {
        base_fail(fields->error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "%sit is no JSON object", fields->where);
        return false;
    }
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (!is_named(names, json_object_iter_key(at)))
            return cli_fields_refuse(fields, json_object_iter_key(at), "is no member of it");
    for (; *names; names++)
        if (!json_object_get(object, *names)) return cli_fields_refuse(fields, *names, "is missing");
    return true;
}

json_t *cli_fields_get(const cli_fields *fields, const char *name)
{
    return json_object_get(fields->object, name);
}

const char *cli_fields_text(const cli_fields *fields, const char *name)
{
    const json_t *value = cli_fields_get(fields, name);
    const char *text = json_string_value(value);
    if (text && strlen(text) == json_string_length(value)) return text;
    cli_fields_refuse(fields, name, "is no text");
    return NULL;
}

static bool read_lower(const char *text, size_t digits, void *out, size_t len)
{
    return digits == 2 * len && base_hex_is_lower(text, digits) && base_hex_decode(text, digits, out, len);
}

bool cli_fields_hex(const cli_fields *fields, const char *name, void *out, size_t len)
{
    const char *text = cli_fields_text(fields, name);
    if (!text) return false;
    if (!strncmp(text, "0x", 2) && read_lower(text + 2, strlen(text + 2), out, len)) return true;
    char why[64];
    snprintf(why, sizeof why, "is not 0x and %zu lowercase hex digits", 2 * len);
    return cli_fields_refuse(fields, name, why);
}

bool cli_fields_read_id(const json_t *value, uint8_t id20[static 20])
{
    const char *text = json_string_value(value);
    return text && read_lower(text, json_string_length(value), id20, 20);
}

bool cli_fields_id(const cli_fields *fields, const char *name, uint8_t id20[static 20])
{
    return cli_fields_read_id(cli_fields_get(fields, name), id20) ||
           cli_fields_refuse(fields, name, "is not 40 lowercase hex digits");
}

bool cli_fields_address(const cli_fields *fields, const char *name, uint8_t address20[static 20])
{
    char spelling[43];
    const char *text = cli_fields_text(fields, name);
    if (!text) return false;
    if (eth_address_parse(text, address20)) {
        eth_address_format(address20, spelling);
        if (!strcmp(text, spelling)) return true;
    }
    return cli_fields_refuse(fields, name, "is no address with its EIP-55 checksum");
}

bool cli_fields_number(const cli_fields *fields, const char *name, uint64_t *out)
{
    const json_t *value = cli_fields_get(fields, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return cli_fields_refuse(fields, name, "is no whole number from 0 on");
    *out = (uint64_t)json_integer_value(value);
    return true;
}
