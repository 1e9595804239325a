/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/hex.h"

#include <stdio.h>

void unit_expect_error(base_error *error, int code, const char *part, const char *file, int line)
{
    if (error->code != code || !strstr(error->text, part)) {
        print_error("expected %s with '%s', got %s: '%s'\n", dstack_p2p_code_name(code), part,
                    dstack_p2p_code_name(error->code), error->text);
        _fail(file, line);
    }
    base_error_clear(error);
}

void unit_expect_ok(const base_error *error, const char *file, int line)
{
    if (!error->code) return;
    print_error("unexpected %s: %s\n", dstack_p2p_code_name(error->code), error->text);
    _fail(file, line);
}

void unit_assert_hex(const void *data, size_t len, const char *hex, const char *file, int line)
{
    hex = base_hex_skip_prefix(hex);
    char *text = malloc(2 * len + 1);
    if (!text) abort();
    base_hex_encode(data, len, text);
    bool same = strcmp(text, hex) == 0;
    if (!same) print_error("expected %s\n     got %s\n", hex, text);
    free(text);
    if (!same) _fail(file, line);
}

void unit_hex(const char *hex, void *out, size_t len)
{
    hex = base_hex_skip_prefix(hex);
    assert_true(base_hex_decode(hex, strlen(hex), out, len));
}

uint8_t *unit_bytes(const char *hex, size_t *len)
{
    hex = base_hex_skip_prefix(hex);
    *len = strlen(hex) / 2;
    uint8_t *bytes = malloc(*len ? *len : 1);
    assert_non_null(bytes);
    unit_hex(hex, bytes, *len);
    return bytes;
}

void unit_pattern(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(7 * i + 1);
}

void *unit_copy(const void *data, size_t len)
{
    void *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len) memcpy(copy, data, len);
    return copy;
}

json_t *unit_vectors(const char *name)
{
    char path[512];
    json_error_t problem;
    snprintf(path, sizeof path, "%s/tests/vectors/%s", TEST_SOURCE_DIR, name);
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &problem);
    if (!root) print_error("%s:%d: %s\n", path, problem.line, problem.text);
    assert_non_null(root);
    return root;
}

const char *unit_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text) print_error("no string '%s'\n", name);
    assert_non_null(text);
    return text;
}

uint64_t unit_number(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}
