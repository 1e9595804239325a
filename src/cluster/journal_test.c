/* SPDX-License-Identifier: MIT */
#include "cluster/journal.h"

#include "eth/keccak.h"
#include "unit.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static const cluster_journal_owner owner = {
    .chain_id = 31337, .contract20 = {1, 2}, .payer20 = {3, 4}, .instance20 = {5, 6}};
static const cluster_journal_time now = {.monotonic_ms = 500000, .wall_ms = UINT64_C(1700000000000)};

/* A ledger with something in every member. */
static cluster_ledger full(void)
{
    cluster_ledger ledger = {.spent = (eth_wei)7 << 70,
                             .since_ms = 400000,
                             .has_period = true,
                             .live = true,
                             .raise = true,
                             .nonce = 42,
                             .fees = {.gas_limit = 190000, .max_fee = 3, .max_priority_fee = 2, .most = 1},
                             .versions = 3,
                             .anchor = 1000,
                             .url = "http://localhost:8080",
                             .raw_len = 300,
                             .data_at = 100,
                             .data_len = 200,
                             .open_anchor = 999,
                             .generation = 17};
    unit_pattern(ledger.hashes32[0], 3 * 32);
    unit_pattern(ledger.raw, ledger.raw_len);
    return ledger;
}

static base_buf written(const cluster_ledger *ledger)
{
    base_buf out = base_buf_make(CLUSTER_JOURNAL_MAX);
    cluster_journal_write(&out, &owner, ledger, &now);
    assert_false(base_buf_failed(&out));
    return out;
}

static const char *read_at(const base_buf *data, const cluster_journal_time *time, cluster_ledger *ledger)
{
    uint8_t *copy = unit_copy(data->data, data->len);
    const char *wrong = cluster_journal_read(copy, data->len, &owner, time, ledger);
    free(copy);
    return wrong;
}

static void expect_same(const cluster_ledger *a, const cluster_ledger *b)
{
    assert_true(a->spent == b->spent && a->has_period == b->has_period && a->live == b->live);
    assert_true(a->raise == b->raise && a->nonce == b->nonce && a->versions == b->versions);
    assert_true(a->fees.gas_limit == b->fees.gas_limit && a->fees.max_fee == b->fees.max_fee);
    assert_true(a->fees.max_priority_fee == b->fees.max_priority_fee && a->fees.most == b->fees.most);
    assert_memory_equal(a->hashes32, b->hashes32, sizeof a->hashes32);
    assert_string_equal(a->url, b->url);
    assert_int_equal(a->raw_len, b->raw_len);
    assert_memory_equal(a->raw, b->raw, a->raw_len);
    assert_true(a->data_at == b->data_at && a->data_len == b->data_len && a->anchor == b->anchor);
    assert_true(a->open_anchor == b->open_anchor && a->generation == b->generation);
}

static void test_comes_back(void **state)
{
    cluster_ledger ledgers[] = {full(), {0}}, found;
    (void)state;
    for (size_t i = 0; i < COUNT(ledgers); i++) {
        base_buf data = written(&ledgers[i]);
        assert_null(read_at(&data, &now, &found));
        expect_same(&found, &ledgers[i]);
        assert_int_equal(found.since_ms, ledgers[i].since_ms);
        base_buf_free(&data);
    }
}

static void test_largest_fits(void **state)
{
    cluster_ledger ledger = full(), found;
    (void)state;
    memset(ledger.url, 'u', REGISTRY_URL_MAX);
    ledger.raw_len = CLUSTER_RAW_MAX;
    ledger.versions = CLUSTER_VERSIONS_MAX;
    base_buf data = written(&ledger);
    assert_null(read_at(&data, &now, &found));
    expect_same(&found, &ledger);
    base_buf_free(&data);
}

/* ---- Time ---- */

/* What counts after a restart at another time, by a monotonic clock that began anew. */
static eth_wei spent_after(int64_t wall_ms, uint64_t monotonic_ms)
{
    cluster_ledger ledger = full(), found;
    ledger.live = false;
    base_buf data = written(&ledger);
    cluster_journal_time later = {.monotonic_ms = monotonic_ms, .wall_ms = now.wall_ms + (uint64_t)wall_ms};
    assert_null(read_at(&data, &later, &found));
    base_buf_free(&data);
    return cluster_ledger_spent(&found, monotonic_ms);
}

static void test_spending_over_a_restart(void **state)
{
    const eth_wei spent = full().spent;
    (void)state;
    assert_true(spent_after(0, 500000) == spent);
    assert_true(spent_after(60000, 5) == spent); /* after a boot */
    assert_true(spent_after(DAY_MS - 100001, 5) == spent);
    assert_true(spent_after(DAY_MS - 100000, 5) == 0); /* the period was 100 s old */
    assert_true(spent_after(400 * (int64_t)DAY_MS, 5) == 0);
}

/* A clock that jumps back never shortens the day. */
static void test_clock_jumps_back(void **state)
{
    cluster_ledger ledger = full(), found;
    (void)state;
    ledger.live = false;
    assert_true(spent_after(-(int64_t)DAY_MS, 5) == ledger.spent);
    base_buf data = written(&ledger);
    cluster_journal_time earlier = {.monotonic_ms = 5, .wall_ms = 1};
    assert_null(read_at(&data, &earlier, &found));
    assert_true(cluster_ledger_spent(&found, 5 + DAY_MS - 1) == ledger.spent);
    assert_true(cluster_ledger_spent(&found, 5 + DAY_MS) == 0);
    base_buf_free(&data);
}

/* ---- What is not believed ---- */

/* Whether a spoiled record is refused, and changes nothing. */
static void expect_refused(const base_buf *data, const char *part)
{
    cluster_ledger found = {.nonce = 77};
    const char *wrong = read_at(data, &now, &found);
    if (!wrong || !strstr(wrong, part)) fail_msg("'%s' instead of '%s'", wrong ? wrong : "believed", part);
    assert_int_equal(found.nonce, 77);
}

static void test_every_cut(void **state)
{
    cluster_ledger ledger = full();
    (void)state;
    base_buf data = written(&ledger);
    for (size_t len = data.len; len-- > 0;) {
        data.len = len;
        expect_refused(&data, "");
    }
    base_buf_free(&data);
}

static void test_every_byte(void **state)
{
    cluster_ledger ledger = full();
    (void)state;
    base_buf data = written(&ledger);
    for (size_t i = 0; i < data.len; i++) {
        data.data[i] ^= 0x10;
        expect_refused(&data, i < 8 ? "version" : "checksum");
        data.data[i] ^= 0x10;
    }
    base_buf_free(&data);
}

/* With a checksum that is right: what does not decode. */
static void test_every_byte_with_a_new_checksum(void **state)
{
    cluster_ledger ledger = full();
    (void)state;
    base_buf data = written(&ledger);
    size_t summed = data.len - 32;
    for (size_t i = 0; i < summed; i++) {
        for (unsigned flip = 1; flip < 256; flip = flip * 4 + 3) {
            cluster_ledger found = {0};
            data.data[i] ^= (char)flip;
            eth_keccak256(data.data, summed, (uint8_t *)data.data + summed);
            if (!read_at(&data, &now, &found)) {
                assert_in_range(found.versions, 1, CLUSTER_VERSIONS_MAX);
                assert_true(found.data_at + found.data_len <= found.raw_len);
                assert_true(found.raw_len <= CLUSTER_RAW_MAX);
                assert_true(strlen(found.url) <= REGISTRY_URL_MAX);
            }
            data.data[i] ^= (char)flip;
        }
    }
    base_buf_free(&data);
}

static void test_of_another_node(void **state)
{
    cluster_ledger ledger = full(), found = {.nonce = 77};
    (void)state;
    base_buf data = written(&ledger);
    for (size_t i = 0; i < 4; i++) {
        cluster_journal_owner other = owner;
        if (i == 0) other.chain_id++;
        if (i == 1) other.contract20[19] = 1;
        if (i == 2) other.payer20[19] = 1;
        if (i == 3) other.instance20[19] = 1;
        const char *wrong = cluster_journal_read(data.data, data.len, &other, &now, &found);
        assert_non_null(wrong);
        assert_non_null(strstr(wrong, "another node's"));
        assert_int_equal(found.nonce, 77);
    }
    base_buf_free(&data);
}

static void test_too_long(void **state)
{
    base_buf data = base_buf_make(CLUSTER_JOURNAL_MAX + 1);
    (void)state;
    memset(base_buf_extend(&data, CLUSTER_JOURNAL_MAX + 1), 'd', CLUSTER_JOURNAL_MAX + 1);
    expect_refused(&data, "too long");
    base_buf_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_largest_fits),
        cmocka_unit_test(test_spending_over_a_restart),
        cmocka_unit_test(test_clock_jumps_back),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_every_byte_with_a_new_checksum),
        cmocka_unit_test(test_of_another_node),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
