/* SPDX-License-Identifier: MIT */

/* A node that lies about the peers: an error and never a list, above all never an empty one. */

#include "bad_input/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ID_A   "00000000000000000000000000000000000000aa"
#define ID_B   "00000000000000000000000000000000000000bb"
#define ADDR_A "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf"
#define ZERO   "0000000000000000000000000000000000000000"

enum { GET_PEERS = 0x776b0f04 };

static const fake_peer peer_a = {ID_A, ADDR_A, "http://a", 2, 0}, peer_b = {ID_B, ADDR_A, "http://b", 1, 0};

static void list_peers(world *w, size_t count, const fake_peer *peers)
{
    world_node(w)->peer_count = count;
    memcpy(world_node(w)->peers, peers, count * sizeof *peers);
}

#define ASSERT_LIE(w, code, ...)                                                                             \
    do {                                                                                                     \
        world_open(w, FAKE_CONTRACT, NULL);                                                                  \
        ASSERT_NO_PEERS(w, code, __VA_ARGS__);                                                               \
    } while (0)

/* What the lies below are made from is fine by itself. */
static void honest(void **state)
{
    world *w = *state;
    world_open(w, FAKE_CONTRACT, NULL);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_non_null(peers);
    assert_int_equal(dstack_p2p_peers_count(peers), 0);
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
    dstack_p2p_peers_free(peers);
    list_peers(w, 2, (fake_peer[]){peer_a, peer_b});
    peers = dstack_p2p_get_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 2);
    assert_string_equal(dstack_p2p_peers_at(peers, 0)->connection_url, "http://b"); /* the older one */
    assert_string_equal(dstack_p2p_peers_at(peers, 1)->instance_id, ID_A);
    assert_null(dstack_p2p_peers_at(peers, 2));
    assert_int_equal(dstack_p2p_peers_version(peers), 3);
    assert_int_equal(dstack_p2p_peers_block_number(peers), FAKE_BLOCK);
    dstack_p2p_peers_free(peers);
}

static void duplicates(void **state)
{
    world *w = *state;
    list_peers(w, 3, (fake_peer[]){peer_a, peer_b, peer_a});
    ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ANSWER, "lists instance " ID_A " twice");
    list_peers(w, 2, (fake_peer[]){peer_a, {ID_A, ADDR_A, "http://elsewhere", 9, 0}});
    ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ANSWER, "lists instance " ID_A " twice");
}

static void peers_malformed(void **state)
{
    static char longest[258];
    memset(longest, 'a', sizeof longest - 1);
    const char *const urls[] = {"",     "http://a b", "http://a\n", "\x1b[2J", "http://caf\xc3\xa9",
                                "\x7f", longest};
    world *w = *state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        list_peers(w, 2, (fake_peer[]){peer_b, {ID_A, ADDR_A, urls[i], 1, 0}});
        ASSERT_LIE(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
    }
    list_peers(w, 1, (fake_peer[]){{ZERO, ADDR_A, "http://a", 1, 0}});
    ASSERT_LIE(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT);
    list_peers(w, 1, (fake_peer[]){{ID_A, ZERO, "http://a", 1, 0}});
    ASSERT_LIE(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT);
}

static void totals(void **state)
{
    world *w = *state;
    list_peers(w, 2, (fake_peer[]){peer_a, peer_b});
    world_node(w)->total = 1; /* less than it lists */
    ASSERT_LIE(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT);
    world_node(w)->total = 1000001;
    ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ANSWER, "claims 1000001 peers");
    world_node(w)->total = INT64_MAX;
    ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ANSWER, "claims 9223372036854775807 peers");
    world_node(w)->total = 5; /* the others are dead: a page leaves them out */
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_int_equal(dstack_p2p_peers_count(peers), 2);
    dstack_p2p_peers_free(peers);
}

/* A JSON string of words; UINT64_MAX stands for a word full of ones. */
static const char *words(size_t count, ...)
{
    static char text[8192];
    size_t len = (size_t)snprintf(text, sizeof text, "\"0x");
    va_list values;
    va_start(values, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = va_arg(values, uint64_t);
        const char *high = value == UINT64_MAX ? "ffffffffffffffff" : "0000000000000000";
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%016llx", high, high, high,
                                (unsigned long long)value);
    }
    va_end(values);
    snprintf(text + len, sizeof text - len, "\"");
    return text;
}

#define W(value) ((uint64_t)(value))

static void assert_lie_in_words(world *w, const char *result)
{
    world_node(w)->rules[0] = (fake_rule){.method = "eth_call", .selector = GET_PEERS, .result = result};
    ASSERT_LIE(w, DSTACK_P2P_ERR_OTHER_CONTRACT, FAKE_CONTRACT, "DstackMembershipNFT");
}

static void hostile_offsets(void **state)
{
    world *w = *state;
    /* array offset, total, version, count, tuple offsets ... */
    assert_lie_in_words(w, words(1, W(0x60)));
    assert_lie_in_words(w, words(3, W(0), W(0), W(0)));
    assert_lie_in_words(w, words(3, W(0x60), W(1), W(3)));
    assert_lie_in_words(w, words(4, W(0x80), W(1), W(3), W(0)));
    assert_lie_in_words(w, words(4, UINT64_MAX, W(1), W(3), W(0)));
    assert_lie_in_words(w, words(4, W(0x7fffffffffffffff), W(1), W(3), W(0)));
    assert_lie_in_words(w, words(4, W(0x60), W(1), W(3), W(1)));
    assert_lie_in_words(w, words(4, W(0x60), W(1), W(3), UINT64_MAX));
    assert_lie_in_words(w, words(4, W(0x60), UINT64_MAX, W(3), W(0)));
    assert_lie_in_words(w, words(4, W(0x60), W(0), UINT64_MAX, W(0)));
    assert_lie_in_words(w, words(5, W(0x60), W(9), W(3), W(1), UINT64_MAX));
    assert_lie_in_words(w, words(5, W(0x60), W(9), W(3), W(1), W(0xffffffffffffffe0)));
    assert_lie_in_words(w, words(5, W(0x60), W(9), W(3), W(1), W(0x20)));
    assert_lie_in_words(w, words(6, W(0x60), W(9), W(3), W(2), W(0), W(0)));
    /* a tuple whose URL lies outside, or is longer than what is there */
    assert_lie_in_words(w, words(10, W(0x60), W(9), W(3), W(1), W(0x20), W(1), W(2), W(3), W(4), UINT64_MAX));
    assert_lie_in_words(
        w, words(11, W(0x60), W(9), W(3), W(1), W(0x20), W(1), W(2), W(3), W(4), W(0xa0), UINT64_MAX));
    assert_lie_in_words(
        w, words(11, W(0x60), W(9), W(3), W(1), W(0x20), W(1), W(2), W(3), W(4), W(0xa0), W(256)));
}

static const struct {
    const char *result;
    int code;
} nothings[] = {
    {"null", DSTACK_P2P_ERR_RPC_ANSWER},
    {"[]", DSTACK_P2P_ERR_RPC_ANSWER},
    {"{}", DSTACK_P2P_ERR_RPC_ANSWER},
    {"\"\"", DSTACK_P2P_ERR_RPC_ANSWER},
    {"0", DSTACK_P2P_ERR_RPC_ANSWER},
    {"false", DSTACK_P2P_ERR_RPC_ANSWER},
    {"\"0x\"", DSTACK_P2P_ERR_NO_CONTRACT},
    {"\"0x0\"", DSTACK_P2P_ERR_RPC_ANSWER},
    {"\"0x00\"", DSTACK_P2P_ERR_OTHER_CONTRACT},
};

static void nothing_is_not_empty(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof nothings / sizeof *nothings; i++) {
        world_node(w)->rules[0] =
            (fake_rule){.method = "eth_call", .selector = GET_PEERS, .result = nothings[i].result};
        ASSERT_LIE(w, nothings[i].code, "");
    }
}

/* The call runs out of what the node grants it. */
static void call_refused(void **state)
{
    static const char *const messages[] = {"out of gas", "execution timeout", "header not found"};
    world *w = *state;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        world_node(w)->rules[0] =
            (fake_rule){.method = "eth_call", .selector = GET_PEERS, .code = -32000, .message = messages[i]};
        ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ERROR, "eth_call", messages[i]);
    }
}

/* A message of the node's that wants to be seen on a terminal. */
static void hostile_message(void **state)
{
    world *w = *state;
    world_node(w)->rules[0] = (fake_rule){.method = "eth_call",
                                          .selector = GET_PEERS,
                                          .code = -32000,
                                          .message = "\x1b[2J\x1b]0;owned\x07 %s%n%s caf\xc3\xa9"};
    ASSERT_LIE(w, DSTACK_P2P_ERR_RPC_ERROR, "?[2J?]0;owned? %s%n%s caf??");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(honest),       TEST(duplicates),      TEST(peers_malformed),
                                       TEST(totals),       TEST(hostile_offsets), TEST(nothing_is_not_empty),
                                       TEST(call_refused), TEST(hostile_message)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
