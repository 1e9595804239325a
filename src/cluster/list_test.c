/* SPDX-License-Identifier: MIT */
#include "cluster/list.h"

#include "unit.h"

#include <pthread.h>
#include <stdio.h>

static uint64_t fake_now(void *context)
{
    return *(uint64_t *)context;
}

static uint64_t now = 5000;
static const base_clock stopped = {.now_ms = fake_now, .context = &now};

static void add(dstack_p2p_peers *list, uint8_t id, uint64_t registered, uint64_t expires, const char *url)
{
    registry_peer peer = {
        .registered_at = registered, .expires_at = expires, .url = url, .url_len = strlen(url)};
    memset(peer.instance20, id, 20);
    memset(peer.address20, id ^ 0xff, 20);
    assert_true(cluster_list_add(list, &peer, id == 7));
}

static dstack_p2p_peers *finished(dstack_p2p_peers *list)
{
    base_error error = {0};
    cluster_list_finish(list, &error);
    expect_ok(&error);
    return list;
}

static void test_nobody(void **state)
{
    (void)state;
    dstack_p2p_peers *list = finished(cluster_list_new(&stopped));
    assert_int_equal(dstack_p2p_peers_count(list), 0);
    assert_null(dstack_p2p_peers_at(list, 0));
    assert_true(cluster_list_first_expiry(list) == UINT64_MAX);
    dstack_p2p_peers_free(list);
}

static void test_no_list(void **state)
{
    (void)state;
    assert_int_equal(dstack_p2p_peers_count(NULL), 0);
    assert_null(dstack_p2p_peers_at(NULL, 0));
    assert_int_equal(dstack_p2p_peers_version(NULL), 0);
    assert_int_equal(dstack_p2p_peers_block_number(NULL), 0);
    assert_int_equal(dstack_p2p_peers_block_time(NULL), 0);
    assert_int_equal(dstack_p2p_peers_age_ms(NULL), 0);
    assert_null(dstack_p2p_peers_ref(NULL));
    dstack_p2p_peers_free(NULL);
}

static void test_record(void **state)
{
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    registry_peer peer = {.registered_at = 11, .expires_at = 22, .url = "http://x, and more", .url_len = 8};
    unit_hex("1691ed1b47506cad7d08834668691d88246f5b1f", peer.instance20, 20);
    unit_hex("3EFa45845852b7bF2E8C881Dd46548A9BeD73442", peer.address20, 20);
    assert_true(cluster_list_add(list, &peer, true));
    finished(list);
    const dstack_p2p_peer *record = dstack_p2p_peers_at(list, 0);
    assert_string_equal(record->instance_id, "1691ed1b47506cad7d08834668691d88246f5b1f");
    assert_string_equal(record->instance_address, "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442");
    assert_string_equal(record->connection_url, "http://x");
    assert_int_equal(record->registered_at, 11);
    assert_int_equal(record->expires_at, 22);
    assert_true(record->is_self);
    dstack_p2p_peers_free(list);
}

/* By time, then by id; each record keeps its own texts. */
static void test_order(void **state)
{
    static const struct {
        uint8_t id;
        uint64_t registered;
    } given[] = {{9, 5}, {7, 5}, {8, 5}, {1, 9}, {2, 1}, {0xff, 1}, {3, UINT64_MAX}, {4, 0}};
    static const uint8_t expected[] = {4, 2, 0xff, 7, 8, 9, 1, 3};
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    for (size_t i = 0; i < COUNT(given); i++) {
        char url[32];
        snprintf(url, sizeof url, "http://%u", given[i].id);
        add(list, given[i].id, given[i].registered, 0, url);
    }
    finished(list);
    assert_int_equal(dstack_p2p_peers_count(list), COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        char url[32], id[3];
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        snprintf(url, sizeof url, "http://%u", expected[i]);
        snprintf(id, sizeof id, "%02x", expected[i]);
        assert_string_equal(peer->connection_url, url);
        assert_memory_equal(peer->instance_id, id, 2);
        assert_int_equal(peer->is_self, expected[i] == 7);
    }
    dstack_p2p_peers_free(list);
}

static void test_many(void **state)
{
    enum { MANY = 3000 };
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    for (uint32_t i = 0; i < MANY; i++) {
        char url[257];
        registry_peer peer = {.registered_at = MANY - i, .url = url};
        peer.url_len = (size_t)snprintf(url, sizeof url, "%0*u", (int)(4 + i % 250), i);
        memcpy(peer.instance20, &i, sizeof i);
        assert_true(cluster_list_add(list, &peer, false));
    }
    finished(list);
    for (uint32_t i = 0; i < MANY; i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        assert_int_equal(peer->registered_at, i + 1);
        assert_int_equal(strtoul(peer->connection_url, NULL, 10), MANY - 1 - i);
    }
    dstack_p2p_peers_free(list);
}

/* Room for less or more than what then comes, and for shorter URLs. */
static void test_room_that_does_not_fit(void **state)
{
    static const struct {
        size_t peers, url_bytes;
    } rooms[] = {{0, 0}, {1, 1}, {20, 20 * 9}, {20, 0}, {5, 1000}, {1000, 20}};
    (void)state;
    for (size_t i = 0; i < COUNT(rooms); i++) {
        dstack_p2p_peers *list = cluster_list_new(&stopped);
        assert_true(cluster_list_reserve(list, rooms[i].peers, rooms[i].url_bytes));
        for (uint8_t id = 20; id > 0; id--)
            add(list, id, 1, 0, "http://xy");
        assert_true(cluster_list_reserve(list, 1, 256)); /* before the last one is full */
        add(list, 21, 1, 0, "http://last");
        finished(list);
        for (uint8_t id = 1; id <= 21; id++) {
            const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, id - 1u);
            char text[3];
            snprintf(text, sizeof text, "%02x", id);
            assert_memory_equal(peer->instance_id, text, 2);
            assert_string_equal(peer->connection_url, id == 21 ? "http://last" : "http://xy");
        }
        dstack_p2p_peers_free(list);
    }
}

static void test_begun_anew(void **state)
{
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    add(list, 1, 1, 0, "http://gone");
    cluster_list_clear(list);
    assert_int_equal(dstack_p2p_peers_count(list), 0);
    add(list, 1, 1, 0, "http://here");
    finished(list);
    assert_int_equal(dstack_p2p_peers_count(list), 1);
    assert_string_equal(dstack_p2p_peers_at(list, 0)->connection_url, "http://here");
    dstack_p2p_peers_free(list);
}

/* No more than a ceiling's worth of URLs, whatever is made room for. */
static void test_too_many_urls(void **state)
{
    enum { MOST = 64 * 1024 * 1024 / 256 };
    static char url[256];
    registry_peer peer = {.url = url, .url_len = sizeof url};
    (void)state;
    memset(url, 'x', sizeof url);
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    assert_true(cluster_list_reserve(list, MOST, MOST * sizeof url));
    for (uint32_t i = 0; i < MOST; i++)
        if (!cluster_list_add(list, &peer, false)) fail_msg("peer %u was refused", i);
    assert_false(cluster_list_add(list, &peer, false));
    dstack_p2p_peers_free(list);
}

static void test_an_instance_twice(void **state)
{
    base_error error = {0};
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    add(list, 0xaa, 1, 0, "http://one");
    add(list, 0xbb, 2, 0, "http://two");
    add(list, 0xaa, 3, 0, "http://three");
    cluster_list_finish(list, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa twice");
    dstack_p2p_peers_free(list);
}

static void test_first_expiry(void **state)
{
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    add(list, 1, 1, 0, "x"); /* never */
    assert_true(cluster_list_first_expiry(list) == UINT64_MAX);
    add(list, 2, 1, 900, "x");
    add(list, 3, 1, 300, "x");
    add(list, 4, 1, 0, "x");
    assert_int_equal(cluster_list_first_expiry(list), 300);
    dstack_p2p_peers_free(finished(list));
}

static void test_references(void **state)
{
    (void)state;
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    add(list, 1, 1, 0, "http://kept");
    finished(list);
    dstack_p2p_peers *one = dstack_p2p_peers_ref(list), *two = dstack_p2p_peers_ref(one);
    assert_ptr_equal(one, list);
    dstack_p2p_peers_free(list);
    dstack_p2p_peers_free(one);
    assert_string_equal(dstack_p2p_peers_at(two, 0)->connection_url, "http://kept");
    dstack_p2p_peers_free(two);
}

static void *ref_and_free(void *list)
{
    for (int i = 0; i < 10000; i++)
        dstack_p2p_peers_free(dstack_p2p_peers_ref(list));
    dstack_p2p_peers_free(list);
    return NULL;
}

static void test_references_from_many_threads(void **state)
{
    pthread_t threads[4];
    (void)state;
    dstack_p2p_peers *list = finished(cluster_list_new(&stopped));
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_free, dstack_p2p_peers_ref(list)), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&list->references), 1);
    dstack_p2p_peers_free(list);
}

static void test_age(void **state)
{
    (void)state;
    now = 5000;
    dstack_p2p_peers *list = finished(cluster_list_new(&stopped));
    assert_int_equal(dstack_p2p_peers_age_ms(list), 0);
    now = 6234;
    assert_int_equal(dstack_p2p_peers_age_ms(list), 1234);
    dstack_p2p_peers_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_no_list),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_room_that_does_not_fit),
        cmocka_unit_test(test_begun_anew),
        cmocka_unit_test(test_too_many_urls),
        cmocka_unit_test(test_an_instance_twice),
        cmocka_unit_test(test_first_expiry),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_references_from_many_threads),
        cmocka_unit_test(test_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
