/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* A running monitor keeps the registration up, whatever happens to it. */

#define URL "https://keeper.example.com"

enum { LEASE = 1000, PATIENCE_S = 30, QUIET_MS = 2500 };

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* A node whose registration is kept up, and what its log says. */
typedef struct kept {
    dstack_p2p *sdk;
    const char *address;
    uint64_t nonce; /* after its registration */
    pthread_mutex_t lock;
    char log[8192];
    size_t len;
} kept;

static void note(void *context, dstack_p2p_log_level level, const char *message)
{
    kept *it = context;
    if (level > DSTACK_P2P_LOG_WARNING) return;
    pthread_mutex_lock(&it->lock);
    int len = snprintf(it->log + it->len, sizeof it->log - it->len, "%s\n", message);
    if (len > 0 && (size_t)len < sizeof it->log - it->len) it->len += (size_t)len;
    pthread_mutex_unlock(&it->lock);
}

static size_t logged(kept *it, const char *words)
{
    size_t count = 0;
    pthread_mutex_lock(&it->lock);
    for (const char *at = it->log; (at = strstr(at, words)); at++)
        count++;
    pthread_mutex_unlock(&it->lock);
    return count;
}

static dstack_p2p_status status_of(const kept *it)
{
    dstack_p2p_status status;
    assert_int_equal(dstack_p2p_monitor_status(it->sdk, &status), DSTACK_P2P_OK);
    return status;
}

/* Waits until a condition on the status holds. */
#define await_status(it, condition)                                                                          \
    for (double end = sim_now() + PATIENCE_S;; pause_ms(10)) {                                               \
        dstack_p2p_status status = status_of(it);                                                            \
        if (condition) break;                                                                                \
        if (sim_now() > end)                                                                                 \
            fail_msg("%s: keep_code %d '%s'", #condition, status.keep_code, status.keep_message);            \
    }

/* Registers a node and lets a monitor keep it; once it is seen in the list. */
static void keep(world *it, kept *node, const char *name, uint32_t confirm_ms)
{
    node_options options;
    *node = (kept){.lock = PTHREAD_MUTEX_INITIALIZER};
    dstack_p2p_free(node_admitted(it, name, URL));
    node_defaults(it, name, &options);
    options.options.keep = DSTACK_P2P_KEEP_ON;
    options.options.confirm_timeout_ms = confirm_ms;
    options.options.log = note;
    options.options.log_context = node;
    node->sdk = dstack_p2p_new_with_options(it->contract, URL, &options.options);
    expect_registered(node->sdk);
    node->address = dstack_p2p_payer_address(node->sdk);
    node->nonce = chain_nonce(it, node->address);
    assert_int_equal(dstack_p2p_monitor_start(node->sdk, NULL, NULL), DSTACK_P2P_OK);
    await_status(node, status.registered);
    assert_true(status_of(node).keeping);
}

static uint64_t sent_since(const world *it, const kept *node)
{
    return chain_nonce(it, node->address) - node->nonce;
}

static void await_sent(const world *it, const kept *node, uint64_t count)
{
    for (double end = sim_now() + PATIENCE_S; sent_since(it, node) < count; pause_ms(10))
        if (sim_now() > end) fail_msg("nothing was sent: '%s'", status_of(node).keep_message);
}

/* Some polls and more pass, and nothing more is sent. */
static void expect_quiet(const world *it, const kept *node, uint64_t sent)
{
    pause_ms(QUIET_MS);
    assert_int_equal(sent_since(it, node), sent);
}

static void done(kept *node)
{
    assert_int_equal(dstack_p2p_monitor_stop(node->sdk), DSTACK_P2P_OK);
    assert_false(status_of(node).keeping);
    dstack_p2p_free(node->sdk);
}

/* ---- Leases ---- */

static uint64_t expiry_of(const kept *node)
{
    dstack_p2p_peers *peers = peers_of(node->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 1);
    uint64_t expiry = dstack_p2p_peers_at(peers, 0)->expires_at;
    dstack_p2p_peers_free(peers);
    return expiry;
}

static void test_renews_a_lease(void **state)
{
    kept node;
    world *it = *state;
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, LEASE);
    keep(it, &node, "renewer", 10000);
    uint64_t expiry = expiry_of(&node);
    chain_advance(it, LEASE / 2 - 100);
    expect_quiet(it, &node, 0);
    for (uint64_t round = 1; round <= 2; round++) {
        chain_advance(it, LEASE * 2 / 3 - (round == 1 ? LEASE / 2 - 100 : 0));
        await_sent(it, &node, round);
        assert_in_range(expiry_of(&node) - expiry, LEASE / 2, LEASE * 2 / 3 + 60);
        expiry = expiry_of(&node);
        assert_int_equal(status_of(&node).keep_code, 0);
    }
    expect_quiet(it, &node, 2);
    done(&node);
}

/* It ran out while nothing could be done about it. */
static void test_returns_after_its_lease(void **state)
{
    kept node;
    world *it = *state;
    owner_sets(it, CONTRACT_SEL_SET_LEASE_DURATION, LEASE);
    keep(it, &node, "late", 10000);
    chain_advance(it, 2 * LEASE);
    await_sent(it, &node, 1);
    await_status(&node, status.registered && !status.keep_code);
    assert_int_equal(sent_since(it, &node), 1);
    done(&node);
}

/* ---- Losses ---- */

static void test_repairs_after_a_tightening(void **state)
{
    kept node;
    world *it = *state;
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "example.com");
    keep(it, &node, "tightened", 10000);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0);
    await_sent(it, &node, 1);
    await_status(&node, status.registered && !status.keep_code);
    assert_int_equal(logged(&node, "no longer listed"), 1);
    expect_quiet(it, &node, 1);
    done(&node);
}

static void test_repairs_after_a_removal(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "removed", 10000);
    for (uint64_t round = 1; round <= 2; round++) {
        owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
        await_sent(it, &node, round);
        await_status(&node, status.registered && !status.keep_code);
    }
    expect_quiet(it, &node, 2);
    done(&node);
}

/* The block with its registration is replaced by others: it is registered in one of those. */
static void test_repairs_after_a_reorganisation(void **state)
{
    kept node;
    world *it = *state;
    json_t *before = chain_ask(it, "evm_snapshot", "[]");
    keep(it, &node, "reorganised", 10000);
    chain_tell(it, "evm_revert", "[\"%s\"]", json_string_value(before));
    json_decref(before);
    admit(it, dstack_p2p_instance_id(node.sdk));
    fund(it, node.address);
    chain_advance(it, 1);
    chain_advance(it, 1);
    for (double end = sim_now() + PATIENCE_S; !chain_nonce(it, node.address); pause_ms(10))
        if (sim_now() > end) fail_msg("not registered again: '%s'", status_of(&node).keep_message);
    await_status(&node, status.registered && !status.keep_code);
    assert_int_equal(chain_nonce(it, node.address), 1);
    done(&node);
}

/* ---- What it does not insist on ---- */

static void expect_not_insisting(world *it, const char *name, uint32_t selector, int code)
{
    kept node;
    keep(it, &node, name, 10000);
    owner_names(it, selector, dstack_p2p_instance_id(node.sdk));
    await_status(&node, status.keep_code == code);
    assert_non_null(strstr(status_of(&node).keep_message, dstack_p2p_instance_id(node.sdk)));
    expect_quiet(it, &node, 0);
    assert_true(status_of(&node).keeping);
    assert_int_equal(logged(&node, "the registration cannot be kept up"), 1);
    done(&node);
}

static void test_banned(void **state)
{
    expect_not_insisting(*state, "banned", CONTRACT_SEL_BAN_INSTANCE, DSTACK_P2P_ERR_BANNED);
}

static void test_revoked(void **state)
{
    expect_not_insisting(*state, "revoked", CONTRACT_SEL_REVOKE_NODE_ACCESS, DSTACK_P2P_ERR_NO_NFT);
}

static void test_url_refused(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "elsewhere", 10000);
    owner_sets(it, CONTRACT_SEL_SET_DEV_MODE, 0); /* and example.com is not allowed */
    await_status(&node, status.keep_code == DSTACK_P2P_ERR_URL_REFUSED);
    expect_quiet(it, &node, 0);
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "example.com");
    expect_registered(node.sdk); /* the application asks at once; that mends the keeper's state, too */
    await_status(&node, status.registered && !status.keep_code);
    assert_int_equal(status_of(&node).keep_message[0], '\0');
    assert_int_equal(sent_since(it, &node), 1);
    done(&node);
}

/* ---- With the application ---- */

static void test_withdrawal_ends_it(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "leaver", 10000);
    expect_withdrawn(node.sdk);
    assert_false(status_of(&node).keeping);
    expect_quiet(it, &node, 1);
    expect_registered(node.sdk);
    assert_true(status_of(&node).keeping);
    owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
    await_sent(it, &node, 3);
    done(&node);
}

/* An application that registers again and again, as it did before there was a keeper: no two transactions. */
static void test_application_registers_too(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "both", 10000);
    for (uint64_t round = 1; round <= 3; round++) {
        owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
        for (double end = sim_now() + 1.5; sim_now() < end; pause_ms(20))
            expect_registered(node.sdk);
        await_status(&node, status.registered);
        assert_int_equal(sent_since(it, &node), round);
    }
    done(&node);
}

/* Others read peers with the handle meanwhile. */
static void test_peers_are_read_meanwhile(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "reader", 10000);
    chain_tell(it, "evm_setAutomine", "[false]");
    chain_tell(it, "evm_setIntervalMining", "[1]");
    owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
    for (double end = sim_now() + 3; sim_now() < end;)
        dstack_p2p_peers_free(peers_of(node.sdk));
    chain_tell(it, "evm_setIntervalMining", "[0]");
    chain_tell(it, "evm_setAutomine", "[true]");
    await_status(&node, status.registered && !status.keep_code);
    assert_int_equal(sent_since(it, &node), 1);
    done(&node);
}

/* ---- Stopped in the middle ---- */

static void await_pending(const world *it, uint64_t count)
{
    for (double end = sim_now() + PATIENCE_S;; pause_ms(5)) {
        json_t *status = chain_ask(it, "txpool_status", "[]");
        uint64_t pending = strtoull(unit_text(status, "pending"), NULL, 16);
        json_decref(status);
        if (pending == count) return;
        assert_true(sim_now() < end);
    }
}

static void test_stops_while_it_waits_for_a_block(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "stopped", 60000);
    owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
    chain_tell(it, "evm_setAutomine", "[false]");
    await_pending(it, 1);
    double start = sim_now();
    assert_int_equal(dstack_p2p_monitor_stop(node.sdk), DSTACK_P2P_OK);
    assert_true(sim_now() - start < 2);
    assert_int_equal(status_of(&node).keep_code, DSTACK_P2P_ERR_UNCONFIRMED);
    assert_int_equal(dstack_p2p_monitor_start(node.sdk, NULL, NULL), DSTACK_P2P_OK); /* goes on with it */
    chain_tell(it, "evm_mine", "[]");
    chain_tell(it, "evm_setAutomine", "[true]");
    await_status(&node, status.registered && !status.keep_code);
    expect_quiet(it, &node, 1);
    done(&node);
}

static void test_withdrawal_ends_a_try(void **state)
{
    kept node;
    world *it = *state;
    keep(it, &node, "changed", 60000);
    owner_names(it, CONTRACT_SEL_DEACTIVATE_INSTANCE, dstack_p2p_instance_id(node.sdk));
    chain_tell(it, "evm_setAutomine", "[false]");
    await_pending(it, 1);
    chain_tell(it, "evm_setIntervalMining", "[1]");
    double start = sim_now();
    expect_withdrawn(node.sdk); /* in place of the registration, or after it */
    assert_true(sim_now() - start < 20);
    chain_tell(it, "evm_setIntervalMining", "[0]");
    chain_tell(it, "evm_setAutomine", "[true]");
    pause_ms(QUIET_MS);
    dstack_p2p_peers *peers = peers_of(node.sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 0);
    dstack_p2p_peers_free(peers);
    done(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_renews_a_lease, world_deploy),
        cmocka_unit_test_setup(test_returns_after_its_lease, world_deploy),
        cmocka_unit_test_setup(test_repairs_after_a_tightening, world_deploy),
        cmocka_unit_test_setup(test_repairs_after_a_removal, world_deploy),
        cmocka_unit_test_setup(test_repairs_after_a_reorganisation, world_deploy),
        cmocka_unit_test_setup(test_banned, world_deploy),
        cmocka_unit_test_setup(test_revoked, world_deploy),
        cmocka_unit_test_setup(test_url_refused, world_deploy),
        cmocka_unit_test_setup(test_withdrawal_ends_it, world_deploy),
        cmocka_unit_test_setup(test_application_registers_too, world_deploy),
        cmocka_unit_test_setup(test_peers_are_read_meanwhile, world_deploy),
        cmocka_unit_test_setup(test_stops_while_it_waits_for_a_block, world_deploy),
        cmocka_unit_test_setup(test_withdrawal_ends_a_try, world_deploy),
    };
    return run_live_tests(tests);
}
