/* SPDX-License-Identifier: MIT */
#include "cluster/history.h"

#include "unit.h"

static void add(cluster_history *history, uint64_t number, uint8_t hash)
{
    uint8_t hash32[32];
    memset(hash32, hash, sizeof hash32);
    cluster_history_add(history, number, hash32);
}

/* The history's blocks are these; and each has the last hash that it was added with. */
static void expect_blocks(const cluster_history *history, const uint64_t *numbers, const uint8_t *hashes,
                          size_t count)
{
    assert_int_equal(history->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(history->blocks[i].number, numbers[i]);
        assert_int_equal(history->blocks[i].hash32[0], hashes[i]);
        assert_int_equal(history->blocks[i].hash32[31], hashes[i]);
    }
}

#define EXPECT(history, numbers, hashes)                                                                     \
    expect_blocks(history, (const uint64_t[])numbers, (const uint8_t[])hashes,                               \
                  sizeof((const uint64_t[])numbers) / sizeof(uint64_t))
#define LIST(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static void test_empty(void **state)
{
    cluster_history history = {.count = 0};
    (void)state;
    assert_null(cluster_history_newest(&history));
    assert_null(cluster_history_at_most(&history, UINT64_MAX));
    cluster_history_cut(&history, 0);
    assert_int_equal(history.count, 0);
}

static void test_forward(void **state)
{
    cluster_history history = {.count = 0};
    (void)state;
    add(&history, 0, 1);
    add(&history, 5, 2);
    add(&history, UINT64_MAX, 3);
    EXPECT(&history, LIST(0, 5, UINT64_MAX), LIST(1, 2, 3));
    assert_ptr_equal(cluster_history_newest(&history), &history.blocks[2]);
}

/* A block that is added stands for what is known: what is above it, or was in its place, is not. */
static void test_replaces(void **state)
{
    cluster_history history = {.count = 0};
    (void)state;
    add(&history, 10, 1);
    add(&history, 20, 2);
    add(&history, 20, 2);
    EXPECT(&history, LIST(10, 20), LIST(1, 2));
    add(&history, 20, 3);
    EXPECT(&history, LIST(10, 20), LIST(1, 3));
    add(&history, 30, 4);
    add(&history, 15, 5);
    EXPECT(&history, LIST(10, 15), LIST(1, 5));
    add(&history, 0, 6);
    EXPECT(&history, LIST(0), LIST(6));
}

static void test_cut(void **state)
{
    static const struct {
        uint64_t at;
        size_t left;
    } cases[] = {{31, 3}, {30, 3}, {29, 2}, {20, 2}, {19, 1}, {10, 1}, {9, 0}, {0, 0}, {UINT64_MAX, 3}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        cluster_history history = {.count = 0};
        add(&history, 10, 1);
        add(&history, 20, 2);
        add(&history, 30, 3);
        cluster_history_cut(&history, cases[i].at);
        assert_int_equal(history.count, cases[i].left);
    }
}

static void test_at_most(void **state)
{
    static const struct {
        uint64_t number, found;
    } cases[] = {{10, 10}, {11, 10}, {19, 10}, {20, 20}, {29, 20}, {30, 30}, {31, 30}, {UINT64_MAX, 30}};
    cluster_history history = {.count = 0};
    (void)state;
    add(&history, 10, 1);
    add(&history, 20, 2);
    add(&history, 30, 3);
    assert_null(cluster_history_at_most(&history, 9));
    assert_null(cluster_history_at_most(&history, 0));
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(cluster_history_at_most(&history, cases[i].number)->number, cases[i].found);
}

/* The oldest are forgotten, one at a time; the first block of the chain is not among them. */
static void test_overflow(void **state)
{
    cluster_history history = {.has_genesis = true, .genesis32 = {0xaa}};
    (void)state;
    for (unsigned i = 1; i <= 3 * CLUSTER_HISTORY_MAX; i++) {
        add(&history, 2 * i, (uint8_t)i);
        size_t count = i < CLUSTER_HISTORY_MAX ? i : CLUSTER_HISTORY_MAX;
        assert_int_equal(history.count, count);
        for (size_t j = 0; j < count; j++) {
            assert_int_equal(history.blocks[j].number, 2 * (i - count + 1 + j));
            assert_int_equal(history.blocks[j].hash32[7], (uint8_t)(i - count + 1 + j));
        }
    }
    assert_true(history.has_genesis);
    assert_int_equal(history.genesis32[0], 0xaa);
}

/* A full one makes no room for a block that takes another one's place. */
static void test_replaces_when_full(void **state)
{
    cluster_history history = {.count = 0};
    (void)state;
    for (unsigned i = 1; i <= CLUSTER_HISTORY_MAX; i++)
        add(&history, i, 1);
    add(&history, CLUSTER_HISTORY_MAX, 2);
    assert_int_equal(history.count, CLUSTER_HISTORY_MAX);
    assert_int_equal(history.blocks[0].number, 1);
    assert_int_equal(cluster_history_newest(&history)->hash32[0], 2);
}

/* Every order of three additions of four blocks: numbers rise, and the last one added is the newest. */
static void test_every_order(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 4 * 4 * 4; order++) {
        cluster_history history = {.count = 0};
        for (unsigned i = 0, rest = order; i < 3; i++, rest /= 4)
            add(&history, rest % 4, (uint8_t)i);
        const cluster_past *newest = cluster_history_newest(&history);
        assert_int_equal(newest->number, order / 16);
        assert_int_equal(newest->hash32[0], 2);
        for (size_t i = 1; i < history.count; i++)
            assert_true(history.blocks[i - 1].number < history.blocks[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_at_most),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_replaces_when_full),
        cmocka_unit_test(test_every_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
