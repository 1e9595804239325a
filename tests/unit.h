/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include "base/error.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * What unit tests share. Whatever goes wrong in here fails the test at hand, at the caller's line.
 */

#define COUNT(array) (sizeof(array) / sizeof *(array))

/** Insists on a code and on a part of the sentence, then forgets the error. */
#define expect_error(error, code, part) unit_expect_error(error, code, part, __FILE__, __LINE__)
void unit_expect_error(base_error *error, int code, const char *part, const char *file, int line);

/** Insists that nothing has failed. */
#define expect_ok(error) unit_expect_ok(error, __FILE__, __LINE__)
void unit_expect_ok(const base_error *error, const char *file, int line);

/** Compares bytes with hex digits, an optional 0x in front. */
#define assert_hex(data, len, hex) unit_assert_hex(data, len, hex, __FILE__, __LINE__)
void unit_assert_hex(const void *data, size_t len, const char *hex, const char *file, int line);

/** Decodes exactly `len` bytes of hex, an optional 0x in front. */
void unit_hex(const char *hex, void *out, size_t len);

/** Decodes hex of any length; owned by the caller. The block is no byte larger, so that ASan sees overruns.
 */
uint8_t *unit_bytes(const char *hex, size_t *len);

/** The bytes 1, 8, 15, ... that committed constants were made from. */
void unit_pattern(uint8_t *out, size_t len);

/** A copy in a block of its own size; owned by the caller. */
void *unit_copy(const void *data, size_t len);

/** tests/vectors/NAME, owned by the caller. */
json_t *unit_vectors(const char *name);

/** A member that has to be a string, or an integer. */
const char *unit_text(const json_t *object, const char *name);
uint64_t unit_number(const json_t *object, const char *name);

#endif
