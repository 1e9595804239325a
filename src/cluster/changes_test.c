/* SPDX-License-Identifier: MIT */
#include "cluster/changes.h"

#include "cluster/list.h"
#include "unit.h"

#include <stdio.h>

typedef struct entry {
    uint8_t id, address;
    uint64_t registered, expires;
    const char *url;
} entry;

static dstack_p2p_peers *list_of(size_t count, const entry *entries)
{
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(base_clock_system());
    for (size_t i = 0; i < count; i++) {
        registry_peer peer = {.registered_at = entries[i].registered,
                              .expires_at = entries[i].expires,
                              .url = entries[i].url,
                              .url_len = strlen(entries[i].url)};
        memset(peer.instance20, entries[i].id, 20);
        memset(peer.address20, entries[i].address, 20);
        assert_true(cluster_list_add(list, &peer, false));
    }
    cluster_list_finish(list, &error);
    expect_ok(&error);
    return list;
}

/* What is expected: "+1 -2 ~3", with the first byte of the ids. */
static void expect_changes(size_t old_count, const entry *old, size_t new_count, const entry *new,
                           const char *expected)
{
    char text[256] = "";
    size_t count = 99;
    dstack_p2p_peers *before = list_of(old_count, old), *after = list_of(new_count, new);
    dstack_p2p_change *changes = cluster_changes(before, after, &count);
    assert_non_null(changes);
    for (size_t i = 0; i < count; i++) {
        static const char signs[] = {
            [DSTACK_P2P_JOINED] = '+', [DSTACK_P2P_LEFT] = '-', [DSTACK_P2P_CHANGED] = '~'};
        const dstack_p2p_change *change = &changes[i];
        assert_int_equal(change->previous != NULL, change->kind == DSTACK_P2P_CHANGED);
        if (change->previous) assert_string_equal(change->previous->instance_id, change->peer->instance_id);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%c%.2s", len ? " " : "", signs[change->kind],
                 change->peer->instance_id);
    }
    assert_string_equal(text, expected);
    free(changes);
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free(after);
}

static const entry a = {0x0a, 1, 100, 0, "http://a"}, b = {0x0b, 2, 200, 0, "http://b"},
                   c = {0x0c, 3, 50, 0, "http://c"};

#define LIST(...)                                                                                            \
    COUNT(((entry[]){__VA_ARGS__})), (const entry[])                                                         \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NOBODY 0, NULL

static void test_nothing_happened(void **state)
{
    (void)state;
    expect_changes(NOBODY, NOBODY, "");
    expect_changes(LIST(a, b, c), LIST(a, b, c), "");
    expect_changes(LIST(a, b, c), LIST(c, a, b), "");
}

static void test_joined_and_left(void **state)
{
    (void)state;
    expect_changes(NOBODY, LIST(a), "+0a");
    expect_changes(LIST(a), NOBODY, "-0a");
    expect_changes(NOBODY, LIST(c, a, b), "+0a +0b +0c");
    expect_changes(LIST(c, a, b), NOBODY, "-0a -0b -0c");
    expect_changes(LIST(a, b), LIST(b, c), "-0a +0c");
    expect_changes(LIST(b), LIST(a, b, c), "+0a +0c");
    expect_changes(LIST(a, c), LIST(b), "-0a +0b -0c");
}

static void test_changed(void **state)
{
    (void)state;
    entry url = a, address = a, registered = a;
    url.url = "http://other";
    address.address = 9;
    registered.registered = 101;
    expect_changes(LIST(a), LIST(url), "~0a");
    expect_changes(LIST(a), LIST(address), "~0a");
    expect_changes(LIST(a), LIST(registered), "~0a");
    expect_changes(LIST(a, b, c), LIST(c, url), "~0a -0b");
}

static void test_renewal_is_none(void **state)
{
    (void)state;
    entry renewed = a;
    renewed.expires = 12345;
    expect_changes(LIST(a), LIST(renewed), "");
    expect_changes(LIST(renewed), LIST(a), "");
}

static void test_changed_shows_both(void **state)
{
    size_t count;
    (void)state;
    entry moved = a;
    moved.url = "http://new";
    dstack_p2p_peers *before = list_of(LIST(a)), *after = list_of(LIST(moved));
    dstack_p2p_change *changes = cluster_changes(before, after, &count);
    assert_int_equal(count, 1);
    assert_string_equal(changes[0].peer->connection_url, "http://new");
    assert_string_equal(changes[0].previous->connection_url, "http://a");
    assert_ptr_equal(changes[0].peer, dstack_p2p_peers_at(after, 0));
    assert_ptr_equal(changes[0].previous, dstack_p2p_peers_at(before, 0));
    free(changes);
    dstack_p2p_peers_free(before);
    dstack_p2p_peers_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_happened),
        cmocka_unit_test(test_joined_and_left),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_renewal_is_none),
        cmocka_unit_test(test_changed_shows_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
