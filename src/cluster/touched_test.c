/* SPDX-License-Identifier: MIT */
#include "cluster/touched.h"

#include "unit.h"

static void add(cluster_touched *touched, registry_event_kind kind, uint8_t instance, uint64_t version)
{
    registry_event event = {.kind = kind, .version = version};
    memset(event.instance20, instance, sizeof event.instance20);
    cluster_touched_add(touched, &event);
}

static void registered(cluster_touched *touched, uint8_t instance, uint64_t version)
{
    add(touched, REGISTRY_PEER_REGISTERED, instance, version);
}

static void test_nothing(void **state)
{
    cluster_touched touched = {.count = 0};
    (void)state;
    assert_false(cluster_touched_covers(&touched, 5, 5));
    assert_false(cluster_touched_covers(&touched, 5, 6));
    add(&touched, REGISTRY_OTHER_EVENT, 1, 6);
    assert_int_equal(touched.count + touched.version_count, 0);
    assert_false(cluster_touched_covers(&touched, 5, 6));
}

static void test_kinds(void **state)
{
    static const struct {
        registry_event_kind kind;
        size_t count, versions;
        bool everything;
    } cases[] = {{REGISTRY_OTHER_EVENT, 0, 0, false},
                 {REGISTRY_PEER_REGISTERED, 1, 1, false},
                 {REGISTRY_PEER_RENEWED, 1, 0, false},
                 {REGISTRY_PEER_REMOVED, 1, 1, false},
                 {REGISTRY_POLICY_TIGHTENED, 0, 0, true}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        cluster_touched touched = {.count = 0};
        add(&touched, cases[i].kind, 3, 9);
        assert_int_equal(touched.count, cases[i].count);
        assert_int_equal(touched.version_count, cases[i].versions);
        assert_int_equal(touched.everything, cases[i].everything);
        if (touched.count) assert_hex(touched.instances[0], 20, "0303030303030303030303030303030303030303");
    }
}

/* What was taken back says no more than that something happened. */
static void test_removed(void **state)
{
    (void)state;
    for (int kind = REGISTRY_OTHER_EVENT; kind <= REGISTRY_POLICY_TIGHTENED; kind++) {
        cluster_touched touched = {.count = 0};
        registry_event event = {.kind = (registry_event_kind)kind, .removed = true, .version = 6};
        cluster_touched_add(&touched, &event);
        assert_true(touched.everything);
        assert_false(cluster_touched_covers(&touched, 5, 6));
    }
}

/* A renewal moves no version, and is to be read all the same. */
static void test_renewals(void **state)
{
    cluster_touched touched = {.count = 0};
    (void)state;
    add(&touched, REGISTRY_PEER_RENEWED, 1, 0);
    assert_true(cluster_touched_covers(&touched, 5, 5));
    assert_false(cluster_touched_covers(&touched, 5, 6));
    registered(&touched, 2, 6);
    assert_true(cluster_touched_covers(&touched, 5, 6));
}

/* The next version of another branch is no step, and neither is what came before it. */
static void test_branches(void **state)
{
    cluster_touched touched = {.count = 0};
    registry_event event = {.kind = REGISTRY_PEER_REGISTERED, .block_number = 9, .version = 6};
    (void)state;
    cluster_touched_add(&touched, &event);
    event.version = 7;
    cluster_touched_add(&touched, &event);
    assert_int_equal(touched.block_count, 1);
    assert_true(cluster_touched_covers(&touched, 5, 7));
    event.block_hash32[31] = 1;
    cluster_touched_add(&touched, &event);
    assert_false(cluster_touched_covers(&touched, 5, 7));
}

/* Of more blocks than are asked for, all is read. */
static void test_many_blocks(void **state)
{
    cluster_touched touched = {.count = 0};
    registry_event event = {.kind = REGISTRY_PEER_REMOVED};
    (void)state;
    for (uint64_t i = 1; i <= CLUSTER_TOUCHED_BLOCKS; i++) {
        event.block_number = event.version = i;
        cluster_touched_add(&touched, &event);
    }
    assert_true(cluster_touched_covers(&touched, 0, CLUSTER_TOUCHED_BLOCKS));
    event.block_number = event.version = CLUSTER_TOUCHED_BLOCKS + 1;
    cluster_touched_add(&touched, &event);
    assert_true(touched.everything);
}

/* Every set of versions 1 to 6 against every range: it is covered if each of its steps is in the set. */
static void test_every_coverage(void **state)
{
    (void)state;
    for (unsigned set = 1; set < 64; set++) {
        cluster_touched touched = {.count = 0};
        for (unsigned version = 6; version >= 1; version--)
            if (set & 1u << (version - 1)) registered(&touched, (uint8_t)version, version);
        for (uint64_t from = 0; from <= 6; from++)
            for (uint64_t to = 0; to <= 6; to++) {
                bool covered = from <= to;
                for (uint64_t version = from + 1; version <= to; version++)
                    covered = covered && set & 1u << (version - 1);
                assert_int_equal(cluster_touched_covers(&touched, from, to), covered);
            }
    }
}

/* Entries of one transaction have one version; a node may also say one thing twice. */
static void test_duplicates(void **state)
{
    cluster_touched touched = {.count = 0};
    (void)state;
    for (int i = 0; i < 3 * CLUSTER_TOUCHED_MAX; i++)
        registered(&touched, 1, 6);
    registered(&touched, 2, 6);
    assert_int_equal(touched.count, 2);
    assert_int_equal(touched.version_count, 1);
    assert_false(touched.everything);
    assert_true(cluster_touched_covers(&touched, 5, 6));
    assert_false(cluster_touched_covers(&touched, 5, 7)); /* twice the same is not two */
}

static void test_extreme_versions(void **state)
{
    cluster_touched touched = {.count = 0};
    (void)state;
    registered(&touched, 1, UINT64_MAX);
    assert_true(cluster_touched_covers(&touched, UINT64_MAX - 1, UINT64_MAX));
    assert_true(cluster_touched_covers(&touched, UINT64_MAX, UINT64_MAX));
    assert_false(cluster_touched_covers(&touched, 0, UINT64_MAX));
    assert_false(cluster_touched_covers(&touched, UINT64_MAX, 0));
}

/* Too many instances, and too many versions of one, each are everything. */
static void test_overflow(void **state)
{
    cluster_touched instances = {.count = 0}, versions = {.count = 0};
    (void)state;
    for (uint8_t i = 1; i <= CLUSTER_TOUCHED_MAX; i++) {
        registered(&instances, i, 6);
        registered(&versions, 1, i);
    }
    assert_true(cluster_touched_covers(&instances, 5, 6));
    assert_true(cluster_touched_covers(&versions, 0, CLUSTER_TOUCHED_MAX));
    registered(&instances, 99, 6);
    registered(&versions, 1, CLUSTER_TOUCHED_MAX + 1);
    assert_int_equal(instances.count, CLUSTER_TOUCHED_MAX);
    assert_int_equal(versions.version_count, CLUSTER_TOUCHED_MAX);
    assert_false(cluster_touched_covers(&instances, 5, 6));
    assert_false(cluster_touched_covers(&versions, 0, CLUSTER_TOUCHED_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),          cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_removed),          cmocka_unit_test(test_renewals),
        cmocka_unit_test(test_branches),         cmocka_unit_test(test_many_blocks),
        cmocka_unit_test(test_every_coverage),   cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_extreme_versions), cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
