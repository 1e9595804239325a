/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "unit.h"

typedef struct lines {
    int count;
    dstack_p2p_log_level level;
    char last[2048];
} lines;

static void on_line(void *context, dstack_p2p_log_level level, const char *message)
{
    lines *it = context;
    it->count++;
    it->level = level;
    assert_true(strlen(message) < sizeof it->last);
    strcpy(it->last, message);
}

static void test_levels(void **state)
{
    (void)state;
    for (int limit = DSTACK_P2P_LOG_ERROR; limit <= DSTACK_P2P_LOG_DEBUG; limit++)
        for (int level = DSTACK_P2P_LOG_ERROR; level <= DSTACK_P2P_LOG_DEBUG; level++) {
            lines seen = {0};
            base_log log = {on_line, &seen, (dstack_p2p_log_level)limit};
            base_log_write(&log, (dstack_p2p_log_level)level, "level %d", level);
            assert_int_equal(seen.count, level <= limit);
            if (seen.count) assert_int_equal(seen.level, level);
        }
}

static void test_line_is_clean(void **state)
{
    lines seen = {0};
    base_log log = {on_line, &seen, DSTACK_P2P_LOG_DEBUG};
    (void)state;
    base_log_write(&log, DSTACK_P2P_LOG_INFO, "a\nb\x1b[31m%s\xc3\xa9", "\r\t");
    assert_string_equal(seen.last, "a?b?[31m????");
    for (int c = 1; c < 256; c++) {
        base_log_write(&log, DSTACK_P2P_LOG_INFO, "%c", c);
        assert_int_equal(seen.last[0], c >= 0x20 && c <= 0x7e ? c : '?');
        assert_int_equal(seen.last[1], '\0');
    }
}

static void test_line_is_cut(void **state)
{
    char words[4000];
    lines seen = {0};
    base_log log = {on_line, &seen, DSTACK_P2P_LOG_DEBUG};
    (void)state;
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    base_log_write(&log, DSTACK_P2P_LOG_INFO, "%s", words);
    assert_int_equal(strlen(seen.last), 1023);
}

static void test_nobody_listens(void **state)
{
    base_log log = {NULL, NULL, DSTACK_P2P_LOG_DEBUG};
    (void)state;
    base_log_write(&log, DSTACK_P2P_LOG_ERROR, "lost");
    base_log_write(NULL, DSTACK_P2P_LOG_ERROR, "lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_line_is_clean),
        cmocka_unit_test(test_line_is_cut),
        cmocka_unit_test(test_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
