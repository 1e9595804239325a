/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_FIELDS_H
#define CLI_VERIFY_FIELDS_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Members of a JSON object that anybody may have written: each is there, and in the one spelling it is
 * written in, or the sentence says which is not, and where. The first problem wins; from then on all fail.
 */

typedef struct cli_fields {
    const json_t *object;
    char where[48]; /**< in front of the sentence: "peer 3, event: "; "" at the top */
    base_error *error;
} cli_fields;

/** Insists on an object with these members, and no other. `names` ends with NULL. */
bool cli_fields_open(cli_fields *fields, const char *const *names);

/** "'name' why", with where it is. Always false. */
bool cli_fields_refuse(const cli_fields *fields, const char *name, const char *why);

/** Lowercase hex of exactly `len` bytes behind "0x". */
bool cli_fields_hex(const cli_fields *fields, const char *name, void *out, size_t len);

/** 40 lowercase hex digits. */
bool cli_fields_id(const cli_fields *fields, const char *name, uint8_t id20[static 20]);
bool cli_fields_read_id(const json_t *value, uint8_t id20[static 20]);

/** "0x" and 40 hex digits with EIP-55 checksum. */
bool cli_fields_address(const cli_fields *fields, const char *name, uint8_t address20[static 20]);

/** A whole number from 0 to INT64_MAX. */
bool cli_fields_number(const cli_fields *fields, const char *name, uint64_t *out);

/** The string; NULL when it is none, or has a NUL in it. Borrowed. */
const char *cli_fields_text(const cli_fields *fields, const char *name);

/** The member itself, which cli_fields_open() has found to be there. Borrowed. */
json_t *cli_fields_get(const cli_fields *fields, const char *name);

#endif
