/* SPDX-License-Identifier: MIT */
#include "registry/revert.h"

#include "base/buf.h"
#include "registry/contract_abi.h"
#include "unit.h"

#include <stdio.h>

static int explain(const void *data, size_t len, base_error *error)
{
    uint8_t *copy = unit_copy(data, len);
    int code = registry_explain_revert(copy, len, error);
    free(copy);
    assert_int_equal(code, error->code);
    return code;
}

static void test_data_made_by_cast(void **state)
{
    (void)state;
    json_t *vectors = unit_vectors("abi.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(vectors, "reverts"), at, vector)
    {
        size_t len;
        base_error error = {0};
        uint8_t *data = unit_bytes(unit_text(vector, "data"), &len);
        int code = explain(data, len, &error);
        free(data);
        assert_string_equal(error.text, unit_text(vector, "sentence"));
        assert_string_equal(dstack_p2p_code_name(code), unit_text(vector, "code"));
    }
    assert_true(at >= 22);
    json_decref(vectors);
}

/* Revert data of one custom error, and the sentence it must give, made from the error's declaration. */
typedef struct sample {
    base_buf head, tail, sentence;
    size_t words; /* in the head */
} sample;

static void put_word(base_buf *out, uint64_t value)
{
    uint8_t word[32] = {0};
    for (int i = 0; i < 8; i++)
        word[31 - i] = (uint8_t)(value >> (8 * i));
    base_buf_append(out, word, 32);
}

static void put_padded(sample *it, const char *data)
{
    static const uint8_t zeros[32];
    put_word(&it->head, it->words * 32 + it->tail.len);
    put_word(&it->tail, strlen(data));
    base_buf_puts(&it->tail, data);
    base_buf_append(&it->tail, zeros, (32 - strlen(data) % 32) % 32);
}

static void put_address(sample *it, size_t position)
{
    static const char *const addresses[] = {"0x5FbDB2315678afecb367f032d93F642f64180aa3",
                                            "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
                                            "0xD508660Da170d8b162779698A64E6707d5Aa217A"};
    uint8_t word[32] = {0};
    unit_hex(addresses[position], word + 12, 20);
    base_buf_append(&it->head, word, 32);
    base_buf_puts(&it->sentence, addresses[position]);
}

static void put_fixed(sample *it, size_t size)
{
    uint8_t word[32] = {0};
    memset(word, 0xc5, size);
    base_buf_append(&it->head, word, 32);
    base_buf_puts(&it->sentence, "0x");
    base_buf_hex(&it->sentence, word, size);
}

static void put_value(sample *it, const char *type, size_t position)
{
    if (strcmp(type, "address") == 0) {
        put_address(it, position);
    } else if (strncmp(type, "uint", 4) == 0) {
        put_word(&it->head, 200 + position);
        base_buf_printf(&it->sentence, "%zu", 200 + position);
    } else if (strcmp(type, "string") == 0) {
        put_padded(it, "some text of more than thirty-two bytes");
        base_buf_puts(&it->sentence, "'some text of more than thirty-two bytes'");
    } else if (strcmp(type, "bytes") == 0) {
        put_padded(it, "\x01\x7f");
        base_buf_puts(&it->sentence, "0x017f");
    } else if (strncmp(type, "bytes", 5) == 0) {
        put_fixed(it, strtoul(type + 5, NULL, 10));
    } else {
        fail_msg("the test knows no %s", type);
    }
}

static sample make_sample(uint32_t selector, const char *name, const char *arguments)
{
    char list[256], *rest = list;
    sample it = {base_buf_make(4096), base_buf_make(4096), base_buf_make(4096), 0};
    uint8_t head[] = {(uint8_t)(selector >> 24), (uint8_t)(selector >> 16), (uint8_t)(selector >> 8),
                      (uint8_t)selector};
    snprintf(list, sizeof list, "%s", arguments);
    for (const char *p = arguments; *p; p++)
        it.words += *p == ',';
    it.words += *arguments != '\0';
    base_buf_append(&it.head, head, 4);
    base_buf_printf(&it.sentence, "the contract refused: %s%s", name, it.words ? " (" : "");
    for (size_t i = 0; i < it.words; i++) {
        char *type = strtok_r(rest, " ", &rest), *label = strtok_r(rest, ",", &rest);
        base_buf_printf(&it.sentence, "%s%s ", i ? ", " : "", label);
        put_value(&it, type, i);
        while (*rest == ' ')
            rest++;
    }
    base_buf_puts(&it.sentence, it.words ? ")" : "");
    base_buf_append(&it.head, it.tail.data, it.tail.len);
    return it;
}

static void free_sample(sample *it)
{
    base_buf_free(&it->head);
    base_buf_free(&it->tail);
    base_buf_free(&it->sentence);
}

/* Cut anywhere, the name is still told and nothing is read beyond the data. */
static void check_truncations(const sample *it, const char *name)
{
    for (size_t len = 0; len < it->head.len; len++) {
        base_error error = {0};
        assert_int_not_equal(explain(it->head.data, len, &error), 0);
        if (len >= 4) assert_non_null(strstr(error.text, name));
        bool in_head = len < 4 + 32 * it->words;
        if (len >= 4 && in_head) assert_non_null(strstr(error.text, "do not decode"));
    }
}

/* Every word replaced by offsets, lengths and values that do not fit. */
static void check_hostile_words(const sample *it, const char *name)
{
    static const uint64_t values[] = {
        0, 1, 31, 32, 33, 64, 4096, UINT32_MAX, INT64_MAX, UINT64_MAX - 31, UINT64_MAX};
    for (size_t at = 4; at + 32 <= it->head.len; at += 32) {
        for (size_t i = 0; i <= COUNT(values); i++) {
            base_error error = {0};
            uint8_t *data = unit_copy(it->head.data, it->head.len);
            base_buf word = base_buf_make(32);
            put_word(&word, values[i % COUNT(values)]);
            memcpy(data + at, word.data, 32);
            if (i == COUNT(values)) memset(data + at, 0xff, 32);
            assert_int_not_equal(registry_explain_revert(data, it->head.len, &error), 0);
            assert_non_null(strstr(error.text, name));
            base_buf_free(&word);
            free(data);
        }
    }
}

static const struct {
    uint32_t selector;
    const char *name, *arguments;
} custom_errors[] = {
#define X(selector, name, arguments) {selector, name, arguments},
    CONTRACT_ERRORS(X)
#undef X
};

static void test_every_custom_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(custom_errors); i++) {
        base_error error = {0};
        sample it = make_sample(custom_errors[i].selector, custom_errors[i].name, custom_errors[i].arguments);
        explain(it.head.data, it.head.len, &error);
        assert_string_equal(error.text, it.sentence.data);
        check_truncations(&it, custom_errors[i].name);
        check_hostile_words(&it, custom_errors[i].name);
        free_sample(&it);
    }
    assert_true(COUNT(custom_errors) >= 40);
}

static void test_no_data(void **state)
{
    base_error error = {0};
    (void)state;
    for (size_t len = 0; len < 4; len++) {
        explain("\x08\xc3\x79", len > 3 ? 3 : len, &error);
        expect_error(&error, DSTACK_P2P_ERR_REVERTED, "without a reason");
    }
}

static void test_unknown_selector_is_shown(void **state)
{
    base_error error = {0};
    uint8_t data[600];
    (void)state;
    unit_pattern(data, sizeof data);
    explain(data, 4, &error);
    expect_error(&error, DSTACK_P2P_ERR_REVERTED, "refused the transaction: 0x01080f16");
    explain(data, sizeof data, &error);
    assert_true(strlen(error.text) < 200);
    expect_error(&error, DSTACK_P2P_ERR_REVERTED, "0x01080f16");
}

/* Text from the chain may hold anything: it is cut, printable, and in one piece. */
static void test_hostile_text(void **state)
{
    base_error error = {0};
    uint8_t data[4 + 64 + 4096] = {0x08, 0xc3, 0x79, 0xa0};
    (void)state;
    data[4 + 31] = 32;
    data[4 + 62] = 4096 >> 8;
    for (size_t i = 0; i < 4096; i++)
        data[68 + i] = (uint8_t)i;
    explain(data, sizeof data, &error);
    for (const char *p = error.text; *p; p++)
        assert_true(*p >= 0x20 && *p <= 0x7e);
    assert_non_null(strstr(error.text, "!\"#$%&'()*+,-./0123"));
    assert_int_equal(error.text[strlen(error.text) - 1], ')');
}

/* What another statement, with a newer anchor, may get past. */
static void test_stale_statements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(custom_errors); i++) {
        sample it = make_sample(custom_errors[i].selector, custom_errors[i].name, custom_errors[i].arguments);
        const char *name = custom_errors[i].name;
        bool stale = strcmp(name, "AnchorUnknown") == 0 || strcmp(name, "AnchorNotNewer") == 0 ||
                     strcmp(name, "AppSignerMismatch") == 0;
        assert_int_equal(registry_revert_is_stale((const uint8_t *)it.head.data, it.head.len), stale);
        assert_int_equal(registry_revert_is_stale((const uint8_t *)it.head.data, 4), stale);
        for (size_t len = 0; len < 4; len++)
            assert_false(registry_revert_is_stale((const uint8_t *)it.head.data, len));
        free_sample(&it);
    }
}

static void test_first_error_wins(void **state)
{
    base_error error = {0};
    (void)state;
    base_fail(&error, DSTACK_P2P_ERR_NO_NFT, "before");
    assert_int_equal(registry_explain_revert((const uint8_t *)"\x81\x2a\xa3\x8e", 4, &error),
                     DSTACK_P2P_ERR_NO_NFT);
    assert_string_equal(error.text, "before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_made_by_cast), cmocka_unit_test(test_every_custom_error),
        cmocka_unit_test(test_no_data),           cmocka_unit_test(test_unknown_selector_is_shown),
        cmocka_unit_test(test_hostile_text),      cmocka_unit_test(test_stale_statements),
        cmocka_unit_test(test_first_error_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
