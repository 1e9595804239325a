/* SPDX-License-Identifier: MIT */

/* A node that is not there, is another chain's, or answers anything but what it was asked. */

#include "bad_input/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SHORT_MS = 150 };

static const struct {
    node_fault fault;
    int code;
    const char *words[2];
} faults[] = {
    {NODE_HTML, DSTACK_P2P_ERR_RPC_ANSWER, {"not JSON", "<!DOCTYPE html>"}},
    {NODE_BROKEN_JSON, DSTACK_P2P_ERR_RPC_ANSWER, {"not JSON", "begins with '[{"}},
    {NODE_ERROR, DSTACK_P2P_ERR_RPC_ERROR, {"the database is gone", "code -32600"}},
    {NODE_ERRORS, DSTACK_P2P_ERR_RPC_ERROR, {"internal error", "code -32603"}},
    {NODE_LIMITED, DSTACK_P2P_ERR_RPC_LIMITED, {"limit exceeded", "code -32005"}},
    {NODE_FOREIGN_ID, DSTACK_P2P_ERR_RPC_ANSWER, {"another request than was sent", "id 1001"}},
    {NODE_MISSING_ANSWER, DSTACK_P2P_ERR_RPC_ANSWER, {"the node answered ", " requests"}},
    {NODE_TWICE, DSTACK_P2P_ERR_RPC_ANSWER, {"another request than was sent", "id 1)"}},
    {NODE_TEXT_IDS, DSTACK_P2P_ERR_RPC_ANSWER, {"without a request id", ""}},
    {NODE_NO_RESULTS, DSTACK_P2P_ERR_RPC_ANSWER, {"neither a result nor an error", "eth_chainId"}},
    {NODE_EMPTY_ARRAY, DSTACK_P2P_ERR_RPC_ANSWER, {"answered 0 of ", " requests"}},
    {NODE_EMPTY_OBJECT, DSTACK_P2P_ERR_RPC_ANSWER, {"without a request id", ""}},
    {NODE_NULL, DSTACK_P2P_ERR_RPC_ANSWER, {"not JSON", "'null'"}},
    {NODE_EMPTY, DSTACK_P2P_ERR_RPC_ANSWER, {"not JSON", "begins with ''"}},
    {NODE_HUGE, DSTACK_P2P_ERR_RPC_ANSWER, {"larger than 16 MiB", ""}},
    {NODE_HUGE_ANNOUNCED, DSTACK_P2P_ERR_RPC_ANSWER, {"larger than 16 MiB", ""}},
    {NODE_429, DSTACK_P2P_ERR_RPC_LIMITED, {"limits the rate", "HTTP 429"}},
    {NODE_401, DSTACK_P2P_ERR_RPC_ERROR, {"HTTP 401", "credentials in RPC_URL"}},
    {NODE_502, DSTACK_P2P_ERR_RPC_ANSWER, {"HTTP 502", ""}},
    {NODE_REDIRECT, DSTACK_P2P_ERR_RPC_ANSWER, {"HTTP 302", ""}},
    {NODE_HALF, DSTACK_P2P_ERR_RPC_ANSWER, {"is not whole", ""}},
    {NODE_CLOSES, DSTACK_P2P_ERR_RPC_ANSWER, {"is not whole", ""}},
    {NODE_NO_STATUS_LINE, DSTACK_P2P_ERR_RPC_ANSWER, {"is not whole", ""}},
    {NODE_413, DSTACK_P2P_ERR_RPC_ANSWER, {"HTTP 413", ""}},
    {NODE_SLOW, DSTACK_P2P_ERR_RPC_TIMEOUT, {"did not answer within 150 ms", ""}},
    {NODE_STALLS, DSTACK_P2P_ERR_RPC_TIMEOUT, {"did not answer within 150 ms", ""}},
};

enum { FAULTS = sizeof faults / sizeof *faults, LIMIT_MAX_MS = 60000 };

static void set_fault(world *w, size_t i)
{
    w->hurries = true;
    fake_node_lock(w->node)->fault = faults[i].fault; /* a call that was given up may still be answered */
    fake_node_unlock(w->node);
    w->options.rpc_timeout_ms = faults[i].code == DSTACK_P2P_ERR_RPC_TIMEOUT ? SHORT_MS : 20000;
}

/* Errors of single requests name the method; everything else names the node. */
static const char *where(world *w, size_t i)
{
    bool single = faults[i].fault == NODE_ERRORS || faults[i].fault == NODE_LIMITED;
    return single ? "eth_chainId" : fake_node_url(w->node);
}

static void registering(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        set_fault(w, i);
        ASSERT_REFUSED(w, URL, faults[i].code, faults[i].words[0], faults[i].words[1], where(w, i));
    }
}

static void withdrawing(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        set_fault(w, i);
        world_open(w, FAKE_CONTRACT, NULL);
        ASSERT_CODE(w, dstack_p2p_withdraw(w->sdk), faults[i].code, faults[i].words[0], where(w, i));
        assert_sends(w, 0);
    }
}

static void reading_peers(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        set_fault(w, i);
        world_open(w, FAKE_CONTRACT, NULL);
        ASSERT_NO_PEERS(w, faults[i].code, faults[i].words[0], faults[i].words[1], where(w, i));
    }
}

/* A handle that met a fault works as soon as the node does; if that limited the rate, when it is asked again.
 */
static void recovering(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        set_fault(w, i);
        world_open(w, FAKE_CONTRACT, URL);
        ASSERT_CODE(w, dstack_p2p_register(w->sdk), faults[i].code, faults[i].words[0]);
        fake_node_state *node = world_node(w);
        node->fault = NODE_HEALTHY;
        node->listed_url[0] = '\0';
        node->sends = 0;
        if (faults[i].code == DSTACK_P2P_ERR_RPC_LIMITED) fake_clock_skip(&w->clock, LIMIT_MAX_MS);
        assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
        assert_string_equal(dstack_p2p_errmsg(w->sdk), "");
        assert_string_equal(node->listed_url, URL);
        assert_sends(w, 1);
        node->sends = 0;
    }
}

static void refused(void **state)
{
    world *w = *state;
    char url[64];
    int fd = fake_refused_port(url);
    w->options.rpc_url = url;
    w->hurries = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_UNREACHABLE, url, "set RPC_URL");
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_UNREACHABLE, url, "set RPC_URL");
    close(fd);
}

static void refused_by_the_variables_node(void **state)
{
    world *w = *state;
    char url[64];
    int fd = fake_refused_port(url);
    w->options.rpc_url = NULL;
    w->hurries = true;
    set_variable("RPC_URL", url);
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_UNREACHABLE, url, "set RPC_URL");
    close(fd);
}

/* A hundred megabytes come in: not into memory, and the node notices that nobody listens. */
static void huge_answer_costs_no_memory(void **state)
{
    static const node_fault huge[] = {NODE_HUGE, NODE_HUGE_ANNOUNCED};
    world *w = *state;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < 2; i++) {
        world_node(w)->fault = huge[i];
        world_open(w, FAKE_CONTRACT, NULL);
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "16 MiB");
    }
    getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_THREAD__ /* it keeps several bytes of its own for each of ours */
    assert_true(after.ru_maxrss - before.ru_maxrss < 70 * 1024);
#endif
    assert_true(fake_server_streamed(fake_node_server(w->node)) < 40 * 1000 * 1000);
}

/* ---- Another chain ---- */

static void wrong_chain_by_option(void **state)
{
    world *w = *state;
    w->options.chain_id = 1;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_WRONG_CHAIN, fake_node_url(w->node), "is on chain 31337",
                   "not on chain 1;");
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 31337", "not on chain 1;");
    assert_int_equal(dstack_p2p_chain_id(w->sdk), 1);
}

static void wrong_chain_by_variable(void **state)
{
    world *w = *state;
    set_variable("CHAIN_ID", "8453");
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 31337", "not on chain 8453", "CHAIN_ID");
}

/* The first answer counts for the life of the handle. */
static void chain_that_changes(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, URL);
    dstack_p2p_peers_free(dstack_p2p_get_peers(w->sdk));
    assert_int_equal(dstack_p2p_chain_id(w->sdk), FAKE_CHAIN_ID);
    world_node(w)->chain_id = 5;
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 5",
                "not on chain 31337");
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_WRONG_CHAIN, "is on chain 5");
    assert_sends(w, 0);
}

/* What another chain says of an address is of no interest: the chain is what is wrong. */
static void wrong_chain_comes_before_the_contract(void **state)
{
    world *w = *state;
    w->options.chain_id = 1;
    world_node(w)->no_code = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_WRONG_CHAIN, "31337");
}

static void chain_id_that_is_none(void **state)
{
    static const char *const results[] = {
        "null", "\"0x\"", "\"0x0\"", "31337", "\"31337\"", "\"0xzz\"", "\"0x10000000000000000\"",
        "{}",   "true"};
    world *w = *state;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        world_node(w)->rules[0] = (fake_rule){.method = "eth_chainId", .result = results[i]};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_ANSWER, "no chain id", fake_node_url(w->node));
        ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "no chain id");
    }
}

/* ---- Single methods ---- */

static void method_refused(void **state)
{
    static const char *const methods[] = {"eth_chainId", "eth_getBlockByNumber", "eth_getTransactionCount",
                                          "eth_getBalance", "eth_call"};
    world *w = *state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        fake_rule *rule = world_node(w)->rules;
        w->hurries = true;
        *rule = (fake_rule){.method = methods[i], .code = -32601, .message = "Method not found"};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_ERROR, methods[i], "Method not found", "-32601");
        *rule = (fake_rule){.method = methods[i], .code = -32005, .message = "too many requests"};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_LIMITED, methods[i], "too many requests");
        *rule = (fake_rule){.method = methods[i], .code = 429, .message = "too many requests"};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_LIMITED, methods[i], "too many requests");
    }
}

static void tip_refused_is_no_matter(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_maxPriorityFeePerGas", .code = -32601, .message = "Method not found"};
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 1);
}

static const struct {
    const char *method, *result, *word;
} malformed[] = {
    {"eth_getTransactionCount", "null", "nonce or balance"},
    {"eth_getTransactionCount", "7", "nonce or balance"},
    {"eth_getTransactionCount", "\"0x10000000000000000\"", "nonce or balance"},
    {"eth_getBalance", "\"lots\"", "nonce or balance"},
    {"eth_getBalance", "[]", "nonce or balance"},
    {"eth_getBlockByNumber", "null", "has no block"},
    {"eth_getBlockByNumber", "{}", "no number, time or hash"},
    {"eth_getBlockByNumber", "[]", "no number, time or hash"},
    {"eth_getBlockByNumber", "\"0x1\"", "no number, time or hash"},
    {"eth_getBlockByNumber", "{\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":\"0x12\"}",
     "no number, time or hash"},
    {"eth_call", "null", "no hex data"},
    {"eth_call", "7", "no hex data"},
    {"eth_call", "\"0x1\"", "no hex data"},
    {"eth_call", "\"hello\"", "no hex data"},
    {"eth_call", "[]", "no hex data"},
};

static void results_malformed(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        world_node(w)->rules[0] = (fake_rule){.method = malformed[i].method, .result = malformed[i].result};
        ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_ANSWER, malformed[i].word);
        bool matters = i > 4; /* reading peers asks for no account */
        if (matters) ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, malformed[i].word);
    }
}

/* ---- Nodes that are odd but usable ---- */

static void no_batches(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_NO_BATCHES;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(world_node(w)->listed_url, URL);
    assert_sends(w, 1);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 1);
    dstack_p2p_peers_free(peers);
    assert_logged(w, "asking one by one");
}

/* ---- Several nodes ---- */

static void second_node_takes_over(void **state)
{
    world *w = *state;
    char refused_url[64], urls[256];
    int fd = fake_refused_port(refused_url);
    snprintf(urls, sizeof urls, "%s, %s", refused_url, fake_node_url(w->node));
    w->options.rpc_url = urls;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_logged(w, refused_url);
    assert_sends(w, 1);
    close(fd);
}

static void second_node_takes_over_from_a_broken_one(void **state)
{
    world *w = *state;
    fake_node *broken = fake_node_start();
    char urls[256];
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(broken), fake_node_url(w->node));
    w->options.rpc_url = urls;
    for (size_t i = 0; i < FAULTS; i++) {
        set_fault(w, i);
        fake_node_state *node = world_node(w);
        fake_node_lock(broken)->fault = node->fault;
        fake_node_unlock(broken);
        node->fault = NODE_HEALTHY;
        node->listed_url[0] = '\0';
        world_open(w, FAKE_CONTRACT, URL);
        if (dstack_p2p_register(w->sdk))
            fail_msg("%s: %s", node_fault_name((int)faults[i].fault), dstack_p2p_errmsg(w->sdk));
        assert_string_equal(node->listed_url, URL);
    }
    fake_node_stop(broken);
}

static void second_node_takes_over_from_one_on_another_chain(void **state)
{
    world *w = *state;
    fake_node *other = fake_node_start();
    char urls[256];
    fake_node_lock(other)->chain_id = 1;
    fake_node_unlock(other);
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(other), fake_node_url(w->node));
    w->options.rpc_url = urls;
    w->options.chain_id = FAKE_CHAIN_ID;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_logged(w, "is on chain 1, not on chain 31337");
    fake_node_stop(other);
}

static void set_node(fake_node *node, node_fault fault, uint64_t chain_id)
{
    fake_node_state *state = fake_node_lock(node);
    state->fault = fault;
    state->chain_id = chain_id;
    fake_node_unlock(node);
}

/* What the monitor hears first counts for the handle's own connection, which has heard nothing so far. */
static void connections_agree_on_the_chain(void **state)
{
    world *w = *state;
    fake_node *other = fake_node_start();
    char urls[256];
    snprintf(urls, sizeof urls, "%s,%s", fake_node_url(w->node), fake_node_url(other));
    w->options.rpc_url = urls;
    w->hurries = true;
    set_node(w->node, NODE_502, FAKE_CHAIN_ID);
    set_node(other, NODE_502, 1);
    world_open(w, FAKE_CONTRACT, NULL);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "HTTP 502");
    set_node(w->node, NODE_HEALTHY, FAKE_CHAIN_ID);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    for (uint64_t end = now_ms() + 20000; !dstack_p2p_chain_id(w->sdk) && now_ms() < end;)
        sleep_ms(5);
    dstack_p2p_monitor_stop(w->sdk);
    assert_int_equal(dstack_p2p_chain_id(w->sdk), FAKE_CHAIN_ID);
    set_node(w->node, NODE_502, FAKE_CHAIN_ID);
    set_node(other, NODE_HEALTHY, 1);
    ASSERT_NO_PEERS(w, DSTACK_P2P_ERR_RPC_ANSWER, "HTTP 502");
    assert_logged(w, "is on chain 1, not on chain 31337");
    set_node(w->node, NODE_HEALTHY, FAKE_CHAIN_ID);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_non_null(peers);
    dstack_p2p_peers_free(peers);
    fake_node_stop(other);
}

static void no_node_is_left(void **state)
{
    world *w = *state;
    char first[64], urls[256];
    int fd = fake_refused_port(first);
    world_node(w)->fault = NODE_502;
    snprintf(urls, sizeof urls, "%s,%s", first, fake_node_url(w->node));
    w->options.rpc_url = urls;
    w->hurries = true;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_RPC_UNREACHABLE, first); /* the first one's, in the order given */
    assert_logged(w, "HTTP 502");
    close(fd);
}

/* ---- Credentials in RPC_URL ---- */

#define PASSWORD "Zq7-hunter-two-Xw"
#define API_KEY  "k9Lm3Pq8Rt2Vx6Yb4"

static void use_everything(world *w)
{
    world_open(w, FAKE_CONTRACT, URL);
    dstack_p2p_register(w->sdk);
    assert_secret_kept(w, PASSWORD);
    assert_secret_kept(w, API_KEY);
    dstack_p2p_peers_free(dstack_p2p_get_peers(w->sdk));
    assert_secret_kept(w, PASSWORD);
    assert_secret_kept(w, API_KEY);
    assert_int_equal(dstack_p2p_monitor_start(w->sdk, NULL, NULL), DSTACK_P2P_OK);
    sleep_ms(30);
    dstack_p2p_monitor_stop(w->sdk);
    assert_secret_kept(w, PASSWORD);
    assert_secret_kept(w, API_KEY);
}

static void credentials_are_never_told(void **state)
{
    world *w = *state;
    char url[64], urls[512];
    int fd = fake_refused_port(url);
    snprintf(urls, sizeof urls,
             "http://me:" PASSWORD "@%s/v3/" API_KEY ",http://me:" PASSWORD "@%s/?key=" API_KEY, url + 7,
             fake_node_url(w->node) + 7);
    w->options.rpc_url = urls;
    for (size_t i = 0; i < FAULTS; i++) {
        if (faults[i].fault == NODE_HUGE || faults[i].fault == NODE_HUGE_ANNOUNCED) continue;
        set_fault(w, i);
        use_everything(w);
    }
    assert_logged(w, url + 7);
    world_node(w)->fault = NODE_HEALTHY;
    use_everything(w);
    assert_true(world_node(w)->taken);
    close(fd);
}

static void credentials_are_not_told_of_malformed_urls(void **state)
{
    static const char *const urls[] = {"me:" PASSWORD "@localhost",        "http:/me:" PASSWORD "@localhost",
                                       "ftp://me:" PASSWORD "@localhost",  "http://me:" PASSWORD "@",
                                       "http://me:" PASSWORD "@host:port", "http://a b/" PASSWORD,
                                       "http://a,http//" PASSWORD};
    world *w = *state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        w->options.rpc_url = urls[i];
        world_open(w, FAKE_CONTRACT, URL);
        assert_failed(w->sdk, DSTACK_P2P_ERR_CONFIG, "RPC URL", NULL);
        assert_secret_kept(w, PASSWORD);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(huge_answer_costs_no_memory),
                                       TEST(registering),
                                       TEST(withdrawing),
                                       TEST(reading_peers),
                                       TEST(recovering),
                                       TEST(refused),
                                       TEST(refused_by_the_variables_node),
                                       TEST(wrong_chain_by_option),
                                       TEST(wrong_chain_by_variable),
                                       TEST(chain_that_changes),
                                       TEST(wrong_chain_comes_before_the_contract),
                                       TEST(chain_id_that_is_none),
                                       TEST(method_refused),
                                       TEST(tip_refused_is_no_matter),
                                       TEST(results_malformed),
                                       TEST(no_batches),
                                       TEST(second_node_takes_over),
                                       TEST(second_node_takes_over_from_a_broken_one),
                                       TEST(second_node_takes_over_from_one_on_another_chain),
                                       TEST(connections_agree_on_the_chain),
                                       TEST(no_node_is_left),
                                       TEST(credentials_are_never_told),
                                       TEST(credentials_are_not_told_of_malformed_urls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
