/* SPDX-License-Identifier: MIT */
#include "cluster/refresh.h"

#include "base/hex.h"
#include "cluster/list.h"
#include "cluster/sdk.h"
#include "registry/contract_abi.h"
#include "support/fake_server.h"
#include "unit.h"

#include <stdio.h>

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"

enum { BLOCK = 1000, ENTRY_BLOCK = 998, PEERS = 32, SELF = 7 };

/* A contract whose peers have ids, addresses and times by their number; no URL: not registered. */
typedef struct chain {
    fake_server *server;
    uint64_t version;
    const char *urls[PEERS];
    uint64_t expires[PEERS];
    uint8_t block_hash, entry_hash;  /* each byte of the head's, and of that of the log entries' block */
    int answers_with;                /* another peer, whatever is asked; -1 = no lie */
    const char *result;              /* JSON of the answer for a peer; NULL = the truth */
    const char *block, *entry_block; /* likewise of these blocks */
    const char *body;                /* likewise of all there is */
    unsigned pinned, calls;

    dstack_p2p *sdk;
    dstack_p2p_peers *before;
    cluster_touched touched;
    cluster_head head;
} chain;

/* ---- The node ---- */

static void put_word(base_buf *out, uint64_t value)
{
    uint8_t word[32] = {0};
    for (int i = 31; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_hex(out, word, sizeof word);
}

static void put_20(base_buf *out, uint8_t byte, bool left)
{
    uint8_t word[32] = {0};
    memset(left ? word : word + 12, byte, 20);
    base_buf_hex(out, word, sizeof word);
}

static json_t *peer_answer(const chain *it, uint8_t number)
{
    const char *url = it->urls[number] ? it->urls[number] : "";
    uint8_t padded[32] = {0};
    base_buf out = base_buf_make(4096);
    bool listed = *url;
    memcpy(padded, url, strlen(url));
    base_buf_puts(&out, "0x");
    put_word(&out, 32);
    put_20(&out, listed ? number : 0, true);
    put_20(&out, listed ? number : 0, false);
    put_word(&out, listed ? 100U + number : 0);
    put_word(&out, listed ? it->expires[number] : 0);
    put_word(&out, 5 * 32);
    put_word(&out, strlen(url));
    if (listed) base_buf_hex(&out, padded, sizeof padded);
    json_t *json = json_string(out.data);
    base_buf_free(&out);
    return json;
}

/* The instance that getPeer(string) asks for: forty digits behind the selector, an offset and a length. */
static uint8_t asked_instance(const char *data)
{
    char id[41] = "";
    uint8_t number = 0;
    assert_true(base_hex_decode(data + 10 + 128, 80, id, 40));
    assert_true(base_hex_decode(id, 2, &number, 1));
    assert_true(number < PEERS);
    return number;
}

static json_t *call(chain *it, const json_t *params)
{
    char selector[11];
    const char *data = json_string_value(json_object_get(json_array_get(params, 0), "data"));
    snprintf(selector, sizeof selector, "0x%08x", CONTRACT_SEL_GET_PEER);
    if (strncmp(data, selector, 10) != 0) return json_sprintf("0x%064llx", (unsigned long long)it->version);
    if (it->result) return json_loads(it->result, JSON_DECODE_ANY, NULL);
    uint8_t asked = asked_instance(data);
    return peer_answer(it, it->answers_with >= 0 ? (uint8_t)it->answers_with : asked);
}

/* The block of the head, or another one that log entries are of. */
static json_t *make_block(const chain *it, const char *tag)
{
    char hash[67] = "0x";
    bool is_head = !strcmp(tag, "0x3e8");
    const char *instead = is_head ? it->block : it->entry_block;
    for (int i = 0; i < 32; i++)
        snprintf(hash + 2 + 2 * i, 3, "%02x", is_head ? it->block_hash : it->entry_hash);
    if (instead) return json_loads(instead, JSON_DECODE_ANY, NULL);
    return json_pack("{ssssss}", "number", tag, "timestamp", "0x10", "hash", hash);
}

static json_t *answer(chain *it, const json_t *request)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    const json_t *params = json_object_get(request, "params");
    bool is_call = !strcmp(method, "eth_call"), is_block = !strcmp(method, "eth_getBlockByNumber");
    const char *tag = json_string_value(json_array_get(params, is_call));
    it->calls += is_call || is_block;
    it->pinned += (is_call || is_block) && !strcmp(tag, "0x3e8");
    json_t *result = is_call ? call(it, params) : is_block ? make_block(it, tag) : json_string("0x7a69");
    /* An object stands for an error. */
    return json_pack("{sOso}", "id", json_object_get(request, "id"),
                     is_call && json_is_object(result) ? "error" : "result", result);
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    chain *it = context;
    json_t *asked = json_loads(request->body, 0, NULL), *answers = json_array(), *one;
    size_t i;
    json_array_foreach(asked, i, one) json_array_append_new(answers, answer(it, one));
    char *text = json_dumps(answers, JSON_COMPACT);
    fake_send(reply, 200, it->body ? it->body : text);
    free(text);
    json_decref(asked);
    json_decref(answers);
}

/* ---- Before and after ---- */

static void add(dstack_p2p_peers *list, uint8_t number, const char *url)
{
    registry_peer peer = {.registered_at = 100U + number, .url = url, .url_len = strlen(url)};
    memset(peer.instance20, number, 20);
    memset(peer.address20, number, 20);
    assert_true(cluster_list_add(list, &peer, number == SELF));
}

static int setup(void **state)
{
    chain *it = calloc(1, sizeof *it);
    base_error error = {0};
    if (!it) return -1;
    it->server = fake_server_tcp(handle, it);
    it->version = 6;
    it->block_hash = 0xb1;
    it->entry_hash = 0xa9;
    it->answers_with = -1;
    dstack_p2p_options options = {
        .rpc_url = fake_server_endpoint(it->server), .chain_id = 31337, .evidence = DSTACK_P2P_EVIDENCE_OFF};
    it->sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
    it->before = cluster_list_new(base_clock_system());
    it->before->version = 5;
    it->head.block = (cluster_block){.number = BLOCK, .time = 16};
    memset(it->head.block.hash32, 0xb1, 32);
    for (uint8_t number = 1; number <= 5; number++)
        add(it->before, number, it->urls[number] = "http://x");
    *state = it;
    return cluster_list_finish(it->before, &error);
}

static int teardown(void **state)
{
    chain *it = *state;
    dstack_p2p_peers_free(it->before);
    dstack_p2p_free(it->sdk);
    fake_server_stop(it->server);
    free(it);
    return 0;
}

static void touch(chain *it, registry_event_kind kind, uint8_t number, uint64_t version)
{
    registry_event event = {.kind = kind, .version = version, .block_number = ENTRY_BLOCK};
    memset(event.instance20, number, 20);
    memset(event.block_hash32, 0xa9, 32);
    cluster_touched_add(&it->touched, &event);
}

static dstack_p2p_peers *run(chain *it, base_error *error)
{
    eth_rpc *rpc = cluster_rpc(it->sdk, error);
    it->pinned = it->calls = 0;
    return cluster_refresh(it->sdk, rpc, it->before, &it->touched, &it->head, error);
}

/* The new list holds exactly what the contract does, and replaces the one before. */
static void expect_refreshed(chain *it)
{
    base_error error = {0};
    dstack_p2p_peers *list = run(it, &error);
    size_t at = 0;
    expect_ok(&error);
    for (uint8_t number = 0; number < PEERS; number++) {
        if (!it->urls[number]) continue;
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, at++);
        assert_non_null(peer);
        assert_string_equal(peer->connection_url, it->urls[number]);
        assert_int_equal(peer->registered_at, 100 + number);
        assert_int_equal(peer->expires_at, it->expires[number]);
        assert_int_equal(peer->is_self, it->before->knows_self && number == SELF);
    }
    assert_int_equal(list->count, at);
    assert_int_equal(list->version, it->version);
    assert_int_equal(list->block_number, BLOCK);
    assert_int_equal(list->block_time, 16);
    assert_memory_equal(list->block_hash32, it->head.block.hash32, 32);
    assert_int_equal(it->pinned, it->touched.count + 2); /* all of it at the block of the head */
    assert_int_equal(it->calls, it->pinned + it->touched.block_count);
    dstack_p2p_peers_free(it->before);
    it->before = list;
    it->touched = (cluster_touched){.count = 0};
}

static void test_changes(void **state)
{
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6); /* joined */
    it->urls[9] = "http://nine";
    expect_refreshed(it);
    touch(it, REGISTRY_PEER_REMOVED, 3, ++it->version); /* left */
    it->urls[3] = NULL;
    expect_refreshed(it);
    touch(it, REGISTRY_PEER_REGISTERED, 4, ++it->version); /* changed */
    it->urls[4] = "http://four";
    expect_refreshed(it);
    touch(it, REGISTRY_PEER_RENEWED, 5, 0); /* renewed: no other version */
    it->expires[5] = 12345;
    expect_refreshed(it);
    touch(it, REGISTRY_PEER_REMOVED, 3, ++it->version); /* left, and had left already */
    expect_refreshed(it);
}

static void test_several_at_once(void **state)
{
    chain *it = *state;
    for (uint8_t number = 0; number < CLUSTER_TOUCHED_MAX; number++) {
        uint8_t instance = number + 3;
        touch(it, REGISTRY_PEER_REGISTERED, instance, it->version = 6U + number);
        it->urls[instance] = number % 3 ? "http://many" : NULL;
    }
    expect_refreshed(it);
}

static void test_first_peer(void **state)
{
    chain *it = *state;
    for (uint8_t number = 0; number < PEERS; number++)
        it->urls[number] = NULL;
    dstack_p2p_peers_free(it->before);
    it->before = cluster_list_new(base_clock_system());
    it->before->version = 5;
    touch(it, REGISTRY_PEER_REGISTERED, 2, 6);
    it->urls[2] = "http://first";
    expect_refreshed(it);
    touch(it, REGISTRY_PEER_REMOVED, 2, ++it->version);
    it->urls[2] = NULL;
    expect_refreshed(it);
}

static void test_oneself(void **state)
{
    chain *it = *state;
    memset(it->sdk->identity.instance20, SELF, 20);
    it->before->knows_self = true;
    touch(it, REGISTRY_PEER_REGISTERED, SELF, 6);
    it->urls[SELF] = "http://me";
    expect_refreshed(it);
    assert_true(it->before->knows_self);
    touch(it, REGISTRY_PEER_REGISTERED, 8, ++it->version); /* and is so as one of the others, too */
    it->urls[8] = "http://you";
    expect_refreshed(it);
}

/* ---- What is not believed ---- */

static void expect_failure(chain *it, int code, const char *part)
{
    base_error error = {0};
    assert_null(run(it, &error));
    expect_error(&error, code, part);
    assert_int_equal(it->before->count, 5); /* it is what it was */
    assert_string_equal(it->before->peers[0]->record.connection_url, "http://x");
}

static void test_versions_that_do_not_fit(void **state)
{
    static const uint64_t versions[] = {0, 4, 5, 7, 100, INT64_MAX};
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    for (size_t i = 0; i < COUNT(versions); i++) {
        it->version = versions[i];
        if (versions[i] == 5) continue; /* the entry is of a block to come: nothing has changed yet */
        expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "do not account for all from version 5");
    }
}

static void test_other_block(void **state)
{
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    it->block_hash = 0xb2;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "block 1000 is not the block it was");
    it->block = "null";
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "no block for");
    it->block = "{\"number\":\"0x3e8\"}";
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "no number, time or hash");
}

/* A log entry of another branch says nothing of this one; nor does one of a block to come. */
static void test_other_entries(void **state)
{
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    it->entry_hash = 0xaa;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "another branch's block 998");
    it->entry_block = "null";
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "no block for");
    it->entry_block = NULL;
    it->entry_hash = 0xa9;
    it->touched.blocks[0].number = BLOCK + 1;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "another branch's block 1001");
    it->touched.blocks[0].number = ENTRY_BLOCK;
    it->urls[9] = "http://nine";
    expect_refreshed(it);
}

static void test_other_peer(void **state)
{
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    it->answers_with = 3;
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "another peer than was asked for");
}

static void test_nonsense(void **state)
{
    static const struct {
        const char *result;
        int code;
    } cases[] = {{"\"0x\"", DSTACK_P2P_ERR_NO_CONTRACT},
                 {"\"0x00\"", DSTACK_P2P_ERR_OTHER_CONTRACT},
                 {"null", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"[]", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"{\"code\":-32000,\"message\":\"missing trie node\"}", DSTACK_P2P_ERR_RPC_ERROR}};
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    for (size_t i = 0; i < COUNT(cases); i++) {
        it->result = cases[i].result;
        expect_failure(it, cases[i].code, "");
    }
    it->result = NULL;
    it->body = "[]";
    expect_failure(it, DSTACK_P2P_ERR_RPC_ANSWER, "");
}

/* A URL that the contract would not have taken, such as one with control characters. */
static void test_forbidden_url(void **state)
{
    chain *it = *state;
    touch(it, REGISTRY_PEER_REGISTERED, 9, 6);
    it->urls[9] = "http://\x1b[2J";
    expect_failure(it, DSTACK_P2P_ERR_OTHER_CONTRACT, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_changes),
        TEST(test_several_at_once),
        TEST(test_first_peer),
        TEST(test_oneself),
        TEST(test_versions_that_do_not_fit),
        TEST(test_other_block),
        TEST(test_other_entries),
        TEST(test_other_peer),
        TEST(test_nonsense),
        TEST(test_forbidden_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
