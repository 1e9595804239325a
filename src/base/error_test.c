/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "unit.h"

static void test_first_one_wins(void **state)
{
    base_error error = {0};
    (void)state;
    assert_int_equal(base_fail(&error, DSTACK_P2P_ERR_NO_NFT, "no %s", "ticket"), DSTACK_P2P_ERR_NO_NFT);
    assert_int_equal(base_fail(&error, DSTACK_P2P_ERR_BANNED, "other"), DSTACK_P2P_ERR_NO_NFT);
    assert_int_equal(error.code, DSTACK_P2P_ERR_NO_NFT);
    assert_string_equal(error.text, "no ticket");
    base_error_clear(&error);
    assert_int_equal(error.code, 0);
    assert_string_equal(error.text, "");
    assert_int_equal(base_fail(&error, DSTACK_P2P_ERR_BANNED, "other"), DSTACK_P2P_ERR_BANNED);
    assert_string_equal(error.text, "other");
}

static void test_nowhere_to_record(void **state)
{
    (void)state;
    assert_int_equal(base_fail(NULL, DSTACK_P2P_ERR_CONFIG, "lost"), DSTACK_P2P_ERR_CONFIG);
    base_error_context(NULL, "lost");
}

static void test_unprintable_bytes(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        base_error error = {0};
        base_fail(&error, DSTACK_P2P_ERR_CONFIG, "a%cb", c);
        char expected[] = {'a', c >= 0x20 && c <= 0x7e ? (char)c : '?', 'b', '\0'};
        assert_string_equal(error.text, expected);
    }
}

static void test_long_sentences_are_cut(void **state)
{
    char words[2 * BASE_ERROR_TEXT];
    base_error error = {0};
    (void)state;
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    base_fail(&error, DSTACK_P2P_ERR_CONFIG, "%s", words);
    assert_int_equal(strlen(error.text), BASE_ERROR_TEXT - 1);
    base_error_context(&error, "%s", words);
    assert_int_equal(strlen(error.text), BASE_ERROR_TEXT - 1);
    assert_non_null(strstr(error.text, "w: w"));
}

static void test_context(void **state)
{
    base_error error = {0};
    (void)state;
    base_error_context(&error, "nothing failed");
    assert_string_equal(error.text, "");
    base_fail(&error, DSTACK_P2P_ERR_CONFIG, "it is 100%% wrong");
    base_error_context(&error, "reading %d\n", 7);
    assert_string_equal(error.text, "reading 7?: it is 100% wrong");
    base_error_context(&error, "outside");
    assert_string_equal(error.text, "outside: reading 7?: it is 100% wrong");
    assert_int_equal(error.code, DSTACK_P2P_ERR_CONFIG);
}

static void test_every_code_has_a_name_and_a_sentence(void **state)
{
    static const int codes[] = {
#define X(name, value, sentence) value,
        DSTACK_P2P_ERROR_MAP(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_in_range(codes[i], 10, 125); /* an exit status of its own */
        assert_string_not_equal(dstack_p2p_code_name(codes[i]), "UNKNOWN");
        assert_true(strlen(dstack_p2p_code_text(codes[i])) > 10);
        for (size_t other = 0; other < i; other++) {
            assert_int_not_equal(codes[i], codes[other]);
            assert_string_not_equal(dstack_p2p_code_name(codes[i]), dstack_p2p_code_name(codes[other]));
        }
    }
    assert_string_equal(dstack_p2p_code_name(0), "OK");
    assert_string_equal(dstack_p2p_code_name(-1), "UNKNOWN");
    assert_string_equal(dstack_p2p_code_name(1000), "UNKNOWN");
    assert_string_equal(dstack_p2p_code_name(DSTACK_P2P_ERR_NO_NFT), "NO_NFT");
    assert_string_equal(dstack_p2p_code_text(DSTACK_P2P_ERR_NO_NFT), "the instance holds no NFT");
}

/* Who was away comes back; who refuses, refuses again. */
static void test_transient_codes(void **state)
{
    (void)state;
    assert_true(dstack_p2p_code_is_transient(DSTACK_P2P_ERR_GUEST_UNREACHABLE));
    assert_true(dstack_p2p_code_is_transient(DSTACK_P2P_ERR_RPC_LIMITED));
    assert_true(dstack_p2p_code_is_transient(DSTACK_P2P_ERR_UNCONFIRMED));
    assert_false(dstack_p2p_code_is_transient(DSTACK_P2P_ERR_WRONG_CHAIN));
    assert_false(dstack_p2p_code_is_transient(DSTACK_P2P_ERR_BANNED));
    assert_false(dstack_p2p_code_is_transient(DSTACK_P2P_OK));
    assert_false(dstack_p2p_code_is_transient(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_one_wins),    cmocka_unit_test(test_nowhere_to_record),
        cmocka_unit_test(test_unprintable_bytes), cmocka_unit_test(test_long_sentences_are_cut),
        cmocka_unit_test(test_context),           cmocka_unit_test(test_every_code_has_a_name_and_a_sentence),
        cmocka_unit_test(test_transient_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
