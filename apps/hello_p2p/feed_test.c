/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include "unit.h"

#include <stdio.h>

static json_t *number(int value)
{
    return json_pack("{si}", "number", value);
}

static void expect_after(const hello_feed *feed, uint64_t known, const char *part)
{
    assert_true(feed_reaches(feed, known));
    hello_text *text = feed_after(feed, known);
    assert_non_null(text);
    if (!strstr(text->bytes, part)) fail_msg("'%s' is not in %s", part, text->bytes);
    assert_int_equal(text->len, strlen(text->bytes));
    text_drop(text);
}

static void test_events_follow_each_other(void **state)
{
    hello_feed feed = {.epoch = 0xabc};
    (void)state;
    assert_true(feed_reaches(&feed, 0));
    assert_null(feed_after(&feed, 0));
    assert_false(feed_reaches(&feed, 1));
    feed_publish(&feed, "status", number(1));
    feed_publish(&feed, "status", number(2));
    expect_after(&feed, 0, "id: abc-1\nevent: status\ndata: {\"number\":1}\n\n");
    expect_after(&feed, 1, "id: abc-2\n");
    assert_null(feed_after(&feed, 2));
    feed_clear(&feed);
}

static void test_old_events_are_forgotten(void **state)
{
    hello_feed feed = {0};
    (void)state;
    for (int i = 1; i <= FEED_EVENTS + 10; i++)
        feed_publish(&feed, "status", number(i));
    assert_false(feed_reaches(&feed, 9));
    expect_after(&feed, 10, "{\"number\":11}");
    feed_clear(&feed);
}

/* Long events count by their bytes, and the newest is kept however long it is. */
static void test_bytes_are_bounded(void **state)
{
    hello_feed feed = {0};
    char *text = calloc(1, FEED_BYTES);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', FEED_BYTES / 4);
    for (int i = 1; i <= 10; i++)
        feed_publish(&feed, "told", json_pack("{ss}", "text", text));
    assert_true(feed.bytes <= FEED_BYTES && feed.kept == 3);
    memset(text, 'x', FEED_BYTES - 1); /* longer with its name */
    feed_publish(&feed, "told", json_pack("{ss}", "text", text));
    assert_int_equal(feed.kept, 1);
    expect_after(&feed, 10, "id: 0-11\n");
    free(text);
    feed_clear(&feed);
}

static void test_all_start_anew(void **state)
{
    hello_feed feed = {0};
    (void)state;
    feed_publish(&feed, "status", number(1));
    feed_publish(&feed, "status", NULL); /* there was no memory for it */
    assert_false(feed_reaches(&feed, 0));
    assert_false(feed_reaches(&feed, 1));
    assert_true(feed_reaches(&feed, 2));
    feed_publish(&feed, "status", number(3));
    expect_after(&feed, 2, "{\"number\":3}");
    feed_start_anew(&feed);
    assert_false(feed_reaches(&feed, 3));
    assert_true(feed_reaches(&feed, 4));
    feed_clear(&feed);
}

static void test_numbers(void **state)
{
    hello_feed feed = {.epoch = 0xabc};
    uint64_t value = 0;
    (void)state;
    assert_true(feed_number(&feed, "abc-42", &value));
    assert_int_equal(value, 42);
    static const char *const bad[] = {"", "abc", "abc-", "abd-42", "abc-42x", "-abc", "abc-42 ", "abc-42-1"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (feed_number(&feed, bad[i], &value)) fail_msg("%s", bad[i]);
    feed_number(&feed, "abc-99999999999999999999999999999999", &value);
    assert_false(feed_reaches(&feed, value));
}

static void test_changes_are_remembered(void **state)
{
    hello_feed feed = {0};
    (void)state;
    for (int i = 1; i <= FEED_CHANGES + 3; i++)
        feed_publish_change(&feed, "joined", json_object());
    feed_publish_change(&feed, "left", NULL);
    json_t *changes = feed_changes(&feed);
    assert_int_equal(json_array_size(changes), FEED_CHANGES - 1);
    for (size_t i = 0; i < FEED_CHANGES - 1; i++) {
        json_t *change = json_array_get(changes, i);
        assert_int_equal(json_integer_value(json_object_get(change, "number")), i + 4);
        assert_string_equal(json_string_value(json_object_get(change, "change")), "joined");
    }
    json_decref(changes);
    feed_clear(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_follow_each_other),
        cmocka_unit_test(test_old_events_are_forgotten),
        cmocka_unit_test(test_bytes_are_bounded),
        cmocka_unit_test(test_all_start_anew),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_changes_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
