/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "cluster/fees.h"

#include <stdio.h>

/*
 * The gas limit is a constant: it must be enough for every registration on the real contract, and not so
 * much that it asks for far more ether than a transaction costs.
 */

static const size_t lengths[] = {1, 21, 31, 32, 33, 63, 64, 65, 81, 127, 128, 129, 160, 192, 224, 255, 256};

static void make_url(char url[static 257], size_t len, char c)
{
    memset(url, c, len);
    url[len] = '\0';
}

/* The last transaction went through, so the limit was enough; how far below it was the use? */
static void expect_fit_in(const world *it, size_t len, uint64_t limit, const char *what, bool first)
{
    uint64_t used = chain_last_receipt(it, "gasUsed");
    print_message("%s, URL of %zu bytes: %llu gas of %llu\n", what, len, (unsigned long long)used,
                  (unsigned long long)limit);
    assert_true(used < limit);
    if (first) assert_true(limit * 10 <= used * 16);
}

static void expect_fit(const world *it, size_t len, const char *what, bool first)
{
    expect_fit_in(it, len, cluster_gas_limit(len, false), what, first);
}

static void test_first_registrations(void **state)
{
    world *it = *state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char url[257], name[16];
        make_url(url, lengths[i], 'u');
        snprintf(name, sizeof name, "gas-%zu", lengths[i]);
        dstack_p2p *sdk = node_admitted(it, name, url);
        expect_registered(sdk);
        expect_fit(it, lengths[i], "first registration", true);
        dstack_p2p_free(sdk);
    }
}

/* From any URL to any other, over the withdrawal and back: the limit depends on the new URL alone. */
static void test_every_change_fits(void **state)
{
    static const size_t some[] = {1, 31, 32, 81, 256};
    world *it = *state;
    dstack_p2p *first = node_admitted(it, "changer", "x");
    expect_registered(first);
    dstack_p2p_free(first);
    for (size_t from = 0; from < COUNT(some); from++)
        for (size_t to = 0; to < COUNT(some); to++)
            for (char c = 'a'; c <= 'b'; c++) {
                char url[257];
                size_t len = c == 'a' ? some[from] : some[to];
                make_url(url, len, c);
                dstack_p2p *sdk = node_new(it, "changer", url);
                uint64_t nonce = chain_nonce(it, dstack_p2p_payer_address(sdk));
                expect_registered(sdk);
                assert_int_equal(chain_nonce(it, dstack_p2p_payer_address(sdk)), nonce + 1);
                assert_true(chain_last_receipt(it, "gasUsed") < cluster_gas_limit(len, false));
                dstack_p2p_free(sdk);
            }
}

/* The last to leave, and one from the middle of the index whose slot another one takes. */
static void test_withdrawals(void **state)
{
    world *it = *state;
    dstack_p2p *nodes[3];
    for (size_t i = 0; i < COUNT(nodes); i++) {
        char url[257], name[16];
        make_url(url, 256, (char)('a' + i));
        snprintf(name, sizeof name, "leaver-%zu", i);
        nodes[i] = node_admitted(it, name, url);
        expect_registered(nodes[i]);
    }
    for (size_t i = 0; i < COUNT(nodes); i++) {
        expect_withdrawn(nodes[i]);
        expect_fit(it, 0, "withdrawal", false);
        expect_registered(nodes[i]);
        assert_true(chain_last_receipt(it, "gasUsed") < cluster_gas_limit(256, false));
        expect_withdrawn(nodes[i]);
        dstack_p2p_free(nodes[i]);
    }
}

/* In production mode the contract does more: it takes the URL apart. */
static void test_production_urls(void **state)
{
    world *it = *state;
    char url[257];
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "dstack-pha-prod7.phala.network");
    owner_sets(it, CONTRACT_SEL_SET_INSTANCE_BOUND_URLS, 1);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 86400);
    dstack_p2p *probe = node_new(it, "prod-gas", "x");
    snprintf(url, sizeof url, "https://%s-65535s.dstack-pha-prod7.phala.network:65535/",
             dstack_p2p_instance_id(probe));
    dstack_p2p_free(probe);
    dstack_p2p *sdk = node_admitted(it, "prod-gas", url);
    expect_registered(sdk);
    expect_fit(it, strlen(url), "first registration in production", true);
    dstack_p2p_free(sdk);
}

/* Of a gateway URL the contract keeps a few bits, from its first registration on and whatever the port. */
static void test_gateway_urls(void **state)
{
    world *it = *state;
    static const char *const ends[] = {"-65535s", "-s", "", "-1"};
    char url[257];
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "dstack-pha-prod7.phala.network");
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, 86400);
    for (size_t i = 0; i < COUNT(ends); i++) {
        char name[16];
        snprintf(name, sizeof name, "gateway-%zu", i);
        dstack_p2p *probe = node_new(it, name, "x");
        snprintf(url, sizeof url, "https://%s%s.dstack-pha-prod7.phala.network",
                 dstack_p2p_instance_id(probe), ends[i]);
        dstack_p2p_free(probe);
        dstack_p2p *sdk = node_admitted(it, name, url);
        expect_registered(sdk);
        expect_fit_in(it, strlen(url), cluster_gas_limit(strlen(url), true), "gateway URL", true);
        dstack_p2p_free(sdk);
    }
}

/* The longest host that fits, with the longest base domain. */
static void test_longest_production_url(void **state)
{
    world *it = *state;
    char url[300], base[257] = "";
    for (size_t len = 0; len < 230; len = strlen(base))
        snprintf(base + len, sizeof base - len, "%s%.*s", len ? "." : "", len < 190 ? 63 : 46,
                 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk");
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, base);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    snprintf(url, sizeof url, "https://a.%s:4", base);
    assert_in_range(strlen(url), 245, 256);
    dstack_p2p *sdk = node_admitted(it, "long-gas", url);
    expect_registered(sdk);
    expect_fit(it, strlen(url), "first registration in production", true);
    dstack_p2p_free(sdk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_first_registrations, world_deploy),
        cmocka_unit_test_setup(test_every_change_fits, world_deploy),
        cmocka_unit_test_setup(test_withdrawals, world_deploy),
        cmocka_unit_test_setup(test_production_urls, world_deploy),
        cmocka_unit_test_setup(test_gateway_urls, world_deploy),
        cmocka_unit_test_setup(test_longest_production_url, world_deploy),
    };
    return run_live_tests(tests);
}
