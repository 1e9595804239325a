/* SPDX-License-Identifier: MIT */
#include "cluster/proofs.h"

#include "unit.h"

#include <stdio.h>

enum { MINUTE_MS = 60000, DAY_MS = 24 * 3600 * 1000 };

/* A list of the peers numbered so, each registered at its number; one of them may have another URL. */
static dstack_p2p_peers *make_list(const unsigned *numbers, size_t count, unsigned other_url)
{
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(base_clock_system());
    for (size_t i = 0; i < count; i++) {
        registry_peer peer = {.registered_at = numbers[i], .url = "http://a", .url_len = 8};
        if (numbers[i] == other_url) peer.url = "http://b";
        peer.instance20[0] = (uint8_t)numbers[i];
        peer.address20[0] = (uint8_t)numbers[i];
        assert_true(cluster_list_add(list, &peer, false));
    }
    cluster_list_finish(list, &error);
    expect_ok(&error);
    return list;
}

/* Keeps a list in which all peers hold, with their numbers as anchors. */
static void keep_all(cluster_proofs *proofs, const unsigned *numbers, size_t count)
{
    dstack_p2p_peers *list = make_list(numbers, count, 0);
    cluster_proof *items = cluster_proofs_recall(proofs, list);
    for (size_t i = 0; i < count; i++) {
        items[i].state = CLUSTER_PROOF_HOLDS;
        items[i].anchor = items[i].peer->record.registered_at;
    }
    cluster_proofs_keep(proofs, list, items, count);
    dstack_p2p_peers_free(list); /* the proofs hold it */
}

static void expect_recalled(cluster_proofs *proofs, const unsigned *numbers, size_t count, unsigned other_url,
                            const char *expected)
{
    dstack_p2p_peers *list = make_list(numbers, count, other_url);
    cluster_proof *items = cluster_proofs_recall(proofs, list);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(items[i].peer, list->peers[i]);
        assert_int_equal(items[i].state == CLUSTER_PROOF_HOLDS, expected[i] == 'h');
        if (expected[i] == 'h') assert_int_equal(items[i].anchor, items[i].peer->record.registered_at);
    }
    free(items);
    dstack_p2p_peers_free(list);
}

static void test_recall(void **state)
{
    static const unsigned known[] = {2, 4, 6, 8};
    cluster_proofs proofs = {0};
    (void)state;
    cluster_proofs_init(&proofs);
    expect_recalled(&proofs, known, 4, 0, "oooo");
    keep_all(&proofs, known, 4);
    expect_recalled(&proofs, known, 4, 0, "hhhh");
    expect_recalled(&proofs, known, 4, 6, "hhoh");
    expect_recalled(&proofs, (unsigned[]){1, 2, 3, 4, 5, 8, 9}, 7, 0, "ohohoho");
    expect_recalled(&proofs, (unsigned[]){8}, 1, 0, "h");
    expect_recalled(&proofs, (unsigned[]){9}, 1, 0, "o");
    expect_recalled(&proofs, known, 0, 0, "");
    cluster_proofs_free(&proofs);
}

/* Who is not listed any more is forgotten. */
static void test_forgotten(void **state)
{
    cluster_proofs proofs = {0};
    (void)state;
    cluster_proofs_init(&proofs);
    keep_all(&proofs, (unsigned[]){2, 4, 6}, 3);
    keep_all(&proofs, (unsigned[]){4}, 1);
    assert_int_equal(proofs.count, 1);
    expect_recalled(&proofs, (unsigned[]){2, 4, 6}, 3, 0, "oho");
    keep_all(&proofs, NULL, 0);
    expect_recalled(&proofs, (unsigned[]){4}, 1, 0, "o");
    cluster_proofs_free(&proofs);
}

/* A peer with the same URL and start, and another key. */
static void test_other_address(void **state)
{
    cluster_proofs proofs = {0};
    (void)state;
    cluster_proofs_init(&proofs);
    keep_all(&proofs, (unsigned[]){2}, 1);
    dstack_p2p_peers *list = make_list((unsigned[]){2}, 1, 0);
    list->peers[0]->address_text[41] ^= 1;
    cluster_proof *items = cluster_proofs_recall(&proofs, list);
    assert_int_equal(items[0].state, CLUSTER_PROOF_OPEN);
    free(items);
    dstack_p2p_peers_free(list);
    cluster_proofs_free(&proofs);
}

static uint64_t pause_after(cluster_proof *proof, uint64_t now)
{
    cluster_proof_fail(proof, now);
    assert_int_equal(proof->state, CLUSTER_PROOF_FAILED);
    assert_false(cluster_proof_is_due(proof, proof->retry_ms - 1));
    assert_true(cluster_proof_is_due(proof, proof->retry_ms));
    return proof->retry_ms - now;
}

static void test_pauses(void **state)
{
    cluster_proof absent = {.verdict = REGISTRY_NO_EVENT},
                  wrong = {.verdict = REGISTRY_OTHER_SIGNER, .from = 5};
    (void)state;
    assert_true(cluster_proof_is_due(&absent, 0));
    assert_int_equal(pause_after(&absent, 1000), 2000);
    assert_int_equal(pause_after(&absent, 1000), 4000);
    assert_int_equal(pause_after(&wrong, DAY_MS), 10 * MINUTE_MS);
    assert_int_equal(wrong.from, 0);
    assert_int_equal(pause_after(&wrong, DAY_MS), 20 * MINUTE_MS);
    for (int i = 0; i < 100; i++)
        pause_after(&wrong, DAY_MS);
    assert_int_equal(pause_after(&wrong, DAY_MS), DAY_MS / 4);
    wrong.state = CLUSTER_PROOF_HOLDS;
    assert_false(cluster_proof_is_due(&wrong, UINT64_MAX));
}

/* The earliest of those that failed, until another list is kept. */
static void test_due(void **state)
{
    cluster_proofs proofs = {0};
    (void)state;
    cluster_proofs_init(&proofs);
    assert_false(cluster_proofs_are_due(&proofs, UINT64_MAX - 1));
    dstack_p2p_peers *list = make_list((unsigned[]){1, 2, 3}, 3, 0);
    cluster_proof *items = cluster_proofs_recall(&proofs, list);
    items[0].state = CLUSTER_PROOF_HOLDS;
    items[1].verdict = REGISTRY_OTHER_ROOT;
    items[2].verdict = REGISTRY_NO_EVENT;
    cluster_proof_fail(&items[1], 1000);
    cluster_proof_fail(&items[2], 1000);
    cluster_proofs_keep(&proofs, list, items, 3);
    assert_false(cluster_proofs_are_due(&proofs, 2999));
    assert_true(cluster_proofs_are_due(&proofs, 3000));
    keep_all(&proofs, (unsigned[]){1}, 1);
    assert_false(cluster_proofs_are_due(&proofs, 3000));
    dstack_p2p_peers_free(list);
    cluster_proofs_free(&proofs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recall), cmocka_unit_test(test_forgotten), cmocka_unit_test(test_other_address),
        cmocka_unit_test(test_pauses), cmocka_unit_test(test_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
