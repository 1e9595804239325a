/* SPDX-License-Identifier: MIT */
#include "registry/membership.h"

#include "base/hex.h"
#include "registry/key_chain.h"
#include "unit.h"

#include <stdio.h>

#define INSTANCE "1691ed1b47506cad7d08834668691d88246f5b1f"
#define ADDRESS  "3efa45845852b7bf2e8c881dd46548a9bed73442"
#define CONTRACT "5fbdb2315678afecb367f032d93f642f64180aa3"
#define GATEWAY  "https://00000000000000000000000000000000000000ff-443s.dstack-pha-prod7.phala.network"

static json_t *vectors;

static int load(void **state)
{
    (void)state;
    vectors = unit_vectors("abi.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

/* ---- Answers ---- */

static eth_request answer_text(const char *text)
{
    return (eth_request){.method = "eth_call", .result = json_string(text)};
}

static eth_request answer_bytes(const void *data, size_t len)
{
    base_buf text = base_buf_make(1 << 20);
    base_buf_puts(&text, "0x");
    base_buf_hex(&text, data, len);
    eth_request answer = answer_text(text.data);
    base_buf_free(&text);
    return answer;
}

static eth_request answer_error(int64_t code, const char *message)
{
    eth_request answer = {.method = "eth_call", .has_error = true, .error_code = code};
    snprintf(answer.error_message, sizeof answer.error_message, "%s", message);
    return answer;
}

/* Reads a page to its end; the number of peers read. */
static size_t read_page(const eth_request *answer, base_error *error)
{
    registry_page page;
    registry_peer peer;
    size_t read = 0;
    if (!registry_open_page(answer, &page, error))
        while (read < page.count && !registry_next_peer(&page, &peer, error)) {
            assert_in_range(peer.url_len, 1, REGISTRY_URL_MAX);
            const char *start = (const char *)page.items.data;
            assert_true(peer.url >= start && peer.url + peer.url_len <= start + page.items.len);
            read++;
        }
    registry_close_page(&page);
    return read;
}

static size_t read_page_bytes(const void *data, size_t len, base_error *error)
{
    eth_request answer = answer_bytes(data, len);
    size_t read = read_page(&answer, error);
    json_decref(answer.result);
    return read;
}

/* ---- Questions ---- */

/* Insists that a request is eth_call of the vectors' data to the contract. */
static void expect_call(const eth_batch *batch, size_t at, const char *name, const char *block)
{
    char expected[2048];
    const char *data = unit_text(json_object_get(vectors, "calls"), name);
    snprintf(expected, sizeof expected, "[{\"to\":\"0x%s\",\"data\":\"%s\"},\"%s\"]", CONTRACT, data, block);
    assert_string_equal(batch->requests[at].method, "eth_call");
    assert_string_equal(batch->requests[at].params.data, expected);
}

static void test_questions_are_encoded_as_cast_does(void **state)
{
    uint8_t contract[20];
    eth_batch batch;
    (void)state;
    unit_hex(CONTRACT, contract, 20);
    eth_batch_init(&batch);
    assert_int_equal(registry_ask_page(&batch, contract, 3000, 1000, "0x1b4"), 0);
    assert_int_equal(registry_ask_version(&batch, contract, "finalized"), 1);
    expect_call(&batch, 0, "getPeers(3000,1000)", "0x1b4");
    expect_call(&batch, 1, "version()", "finalized");
    assert_false(batch.failed);
    eth_batch_free(&batch);
}

static const char *const state_calls[] = {
    "kmsRootAddress()",     "isAppIdAllowed", "instanceToToken",     "isInstanceBanned",
    "registrationPaused()", "devMode()",      "instanceBoundUrls()", "lastAnchor",
    "leaseDuration()",      "getPeer",        "isBaseDomainAllowed",
};

static registry_state_query ask_state(eth_batch *batch, const char *url)
{
    uint8_t contract[20], instance[20], app[20];
    unit_hex(CONTRACT, contract, 20);
    unit_hex(INSTANCE, instance, 20);
    unit_hex("5bb4ff9a3837357f19dc176407a5709c62eb6c56", app, 20);
    eth_batch_init(batch);
    eth_batch_add(batch, "eth_chainId", "[]");
    return registry_ask_state(batch, contract, instance, app, url);
}

static void test_state_questions(void **state)
{
    eth_batch batch;
    (void)state;
    registry_state_query query = ask_state(&batch, GATEWAY);
    assert_int_equal(query.first, 1);
    assert_true(query.asked_base);
    assert_int_equal(batch.count, 1 + COUNT(state_calls));
    for (size_t i = 0; i < COUNT(state_calls); i++)
        expect_call(&batch, 1 + i, state_calls[i], "latest");
    eth_batch_free(&batch);
}

static void test_base_domain_is_asked_for_only_where_there_is_one(void **state)
{
    static const char *const urls[] = {"http://localhost:8080", "", "https://localhost", "https://a_b.c.d"};
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        eth_batch batch;
        registry_state_query query = ask_state(&batch, urls[i]);
        assert_false(query.asked_base);
        assert_int_equal(batch.count, COUNT(state_calls));
        eth_batch_free(&batch);
    }
}

static void test_register_call_data_of_the_vectors(void **state)
{
    (void)state;
    json_t *cases = unit_vectors("registration.json"), *vector;
    size_t at;
    json_array_foreach(json_object_get(cases, "cases"), at, vector)
    {
        registry_statement statement = {.url = unit_text(vector, "connection_url")};
        uint8_t key[33], app[73], kms[118];
        base_buf data = base_buf_make(4096);
        unit_hex(unit_text(vector, "instance_id"), statement.instance20, 20);
        unit_hex(unit_text(vector, "derived_public_key"), key, 33);
        unit_hex(unit_text(vector, "app_signature"), app, 73);
        unit_hex(unit_text(vector, "kms_signature"), kms, 118);
        registry_encode_register(&data, &statement, key, app, kms);
        assert_hex(data.data, data.len, unit_text(vector, "calldata"));
        base_buf_free(&data);
    }
    assert_int_equal(at, 3);
    json_decref(cases);
}

/* ---- Pages ---- */

static void expect_peer(registry_page *page, const char *instance, const char *address, uint64_t registered,
                        uint64_t expires, const char *url)
{
    registry_peer peer;
    base_error error = {0};
    registry_next_peer(page, &peer, &error);
    expect_ok(&error);
    assert_hex(peer.instance20, 20, instance);
    assert_hex(peer.address20, 20, address);
    assert_true(peer.registered_at == registered && peer.expires_at == expires);
    assert_int_equal(peer.url_len, strlen(url));
    assert_memory_equal(peer.url, url, peer.url_len);
}

static void test_page(void **state)
{
    registry_page page;
    base_error error = {0};
    (void)state;
    eth_request answer = answer_text(unit_text(vectors, "page"));
    registry_open_page(&answer, &page, &error);
    expect_ok(&error);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.total, 5);
    assert_int_equal(page.version, 42);
    expect_peer(&page, INSTANCE, ADDRESS, 1700000000, 0, "http://localhost:8080");
    expect_peer(&page, "00000000000000000000000000000000000000ff", "295dd1082882c017a6eac117e5b62ea0325eb71b",
                INT64_MAX, INT64_MAX - 1, GATEWAY);
    expect_peer(&page, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1111111111111111111111111111111111111111",
                1, 2, "x");
    registry_close_page(&page);
    json_decref(answer.result);
}

static void test_empty_page(void **state)
{
    registry_page page;
    base_error error = {0};
    (void)state;
    eth_request answer = answer_text(unit_text(vectors, "empty_page"));
    registry_open_page(&answer, &page, &error);
    expect_ok(&error);
    assert_int_equal(page.count + page.total, 0);
    assert_int_equal(page.version, 7);
    registry_close_page(&page);
    json_decref(answer.result);
}

/* All of a page is read by its last peer, so that no cut of it passes, save one within the last padding. */
static void test_truncated_page(void **state)
{
    size_t len;
    (void)state;
    uint8_t *data = unit_bytes(unit_text(vectors, "page"), &len);
    for (size_t cut = 0; cut < len; cut++) {
        base_error error = {0};
        size_t read = read_page_bytes(data, cut, &error);
        if (cut > len - 32) continue; /* "x" and its padding */
        assert_true(read < 3);
        if (cut)
            expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "not a DstackMembershipNFT");
        else
            expect_error(&error, DSTACK_P2P_ERR_NO_CONTRACT, "no contract");
    }
    free(data);
}

/* Each word of the page in turn becomes an offset, length or value that lies. Nothing is read out of
 * bounds, and what comes out is whole or an error. */
static void test_hostile_words(void **state)
{
    size_t len;
    (void)state;
    uint8_t *data = unit_bytes(unit_text(vectors, "page"), &len);
    uint64_t values[] = {0,
                         1,
                         2,
                         31,
                         32,
                         33,
                         64,
                         96,
                         len,
                         len - 1,
                         len - 32,
                         len + 32,
                         UINT32_MAX,
                         INT64_MAX,
                         257,
                         1 << 20,
                         UINT64_MAX,
                         UINT64_MAX - 31,
                         UINT64_MAX / 32,
                         UINT64_MAX / 256 + 1};
    for (size_t at = 0; at < len; at += 32) {
        for (size_t i = 0; i <= COUNT(values); i++) {
            base_error error = {0};
            uint8_t *copy = unit_copy(data, len);
            memset(copy + at, i < COUNT(values) ? 0 : 0xff, 32);
            for (int b = 0; b < 8 && i < COUNT(values); b++)
                copy[at + 31 - (size_t)b] = (uint8_t)(values[i] >> (8 * b));
            size_t read = read_page_bytes(copy, len, &error);
            if (error.code) assert_int_equal(error.code, DSTACK_P2P_ERR_OTHER_CONTRACT);
            assert_true(read <= 3);
            free(copy);
        }
    }
    free(data);
}

/* A word of the page overwritten, at a byte. */
static void expect_bad_page(size_t at, const void *bytes, size_t count)
{
    size_t len;
    base_error error = {0};
    uint8_t *data = unit_bytes(unit_text(vectors, "page"), &len);
    memcpy(data + at, bytes, count);
    read_page_bytes(data, len, &error);
    free(data);
    expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "not a DstackMembershipNFT");
}

static void test_peers_that_cannot_be(void **state)
{
    static const uint8_t zero[32];
    enum { FIRST = 32 * 7 }; /* three words, the length, three offsets */
    (void)state;
    expect_bad_page(FIRST, zero, 20);            /* no instance */
    expect_bad_page(FIRST + 31, "\x01", 1);      /* bytes20 with a 32nd byte */
    expect_bad_page(FIRST + 32, zero, 32);       /* no address */
    expect_bad_page(FIRST + 32, "\x01", 1);      /* wider than an address */
    expect_bad_page(FIRST + 64, "\x01", 1);      /* wider than a uint64 */
    expect_bad_page(FIRST + 96 + 23, "\x01", 1); /* the same, by one bit */
    expect_bad_page(FIRST + 160, zero, 32);      /* a URL of no bytes */
    expect_bad_page(FIRST + 192, " ", 1);        /* one with a space */
    expect_bad_page(FIRST + 192 + 3, zero, 1);   /* a NUL */
    expect_bad_page(FIRST + 192 + 3, "\n", 1);   /* a newline */
    expect_bad_page(FIRST + 192 + 3, "\x7f", 1); /* DEL */
    expect_bad_page(FIRST + 192 + 3, "\xc3", 1); /* beyond ASCII */
    expect_bad_page(32, zero, 32);               /* three peers of none */
}

static void test_url_of_the_greatest_length(void **state)
{
    (void)state;
    for (size_t url_len = REGISTRY_URL_MAX; url_len <= REGISTRY_URL_MAX + 1; url_len++) {
        uint8_t data[32 * 11 + 288] = {0};
        base_error error = {0};
        data[31] = 96;                         /* page: where it is */
        data[63] = data[95] = data[127] = 1;   /* total, version, length of the array */
        data[159] = 32;                        /* where the peer is */
        data[160] = data[211] = data[255] = 1; /* instance, address, since when */
        data[319] = 160;                       /* where its URL is */
        data[350] = (uint8_t)(url_len >> 8);
        data[351] = (uint8_t)url_len;
        memset(data + 352, 'u', url_len);
        assert_int_equal(read_page_bytes(data, sizeof data, &error), url_len == REGISTRY_URL_MAX);
        if (url_len > REGISTRY_URL_MAX)
            expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "not a DstackMembershipNFT");
        expect_ok(&error);
    }
}

/* ---- Answers that are none ---- */

static void test_answers_without_a_contract(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {{"0x", DSTACK_P2P_ERR_NO_CONTRACT},
                 {"", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"0", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"0x0", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"0xzz", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"00", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"0X00", DSTACK_P2P_ERR_RPC_ANSWER},
                 {"0x00", DSTACK_P2P_ERR_OTHER_CONTRACT},
                 {"0x0000000000000000000000000000000000000000000000000000000000000001ff",
                  DSTACK_P2P_ERR_OTHER_CONTRACT}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t version;
        base_error error = {0};
        eth_request answer = answer_text(cases[i].text);
        assert_int_equal(registry_read_version(&answer, &version, &error), cases[i].code);
        error = (base_error){0};
        read_page(&answer, &error);
        assert_int_equal(error.code, cases[i].code);
        json_decref(answer.result);
    }
}

static void test_answers_of_another_type(void **state)
{
    json_t *values[] = {json_null(), json_true(), json_integer(1), json_array(), json_object()};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        uint64_t version;
        base_error error = {0};
        eth_request answer = {.method = "eth_call", .result = values[i]};
        registry_read_version(&answer, &version, &error);
        expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, "no hex data");
        json_decref(values[i]);
    }
}

static void test_errors_answered(void **state)
{
    uint64_t version;
    base_error error = {0};
    (void)state;
    eth_request answer = answer_error(3, "execution reverted");
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "does not answer as a DstackMembershipNFT");
    answer = answer_error(-32000, "execution reverted: 0x");
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "does not answer as a DstackMembershipNFT");
    answer = answer_error(-32000, "invalid opcode: INVALID");
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "does not answer as a DstackMembershipNFT");
    answer = answer_error(-32000, "header not found");
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ERROR, "header not found");
    answer = answer_error(-32005, "limit exceeded");
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_LIMITED, "limit exceeded");
}

static void test_version(void **state)
{
    uint64_t version = 0;
    base_error error = {0};
    uint8_t word[32] = {0};
    (void)state;
    memset(word + 24, 0xff, 8);
    word[24] = 0x7f;
    eth_request answer = answer_bytes(word, 32);
    assert_int_equal(registry_read_version(&answer, &version, &error), 0);
    assert_true(version == INT64_MAX);
    json_decref(answer.result);
    word[24] = 0x80;
    answer = answer_bytes(word, 32);
    registry_read_version(&answer, &version, &error);
    expect_error(&error, DSTACK_P2P_ERR_OTHER_CONTRACT, "not a DstackMembershipNFT");
    json_decref(answer.result);
}

/* ---- State ---- */

static json_t *word_of(uint64_t value)
{
    char text[67];
    snprintf(text, sizeof text, "0x%064llx", (unsigned long long)value);
    return json_string(text);
}

static registry_state_query answered_state(eth_batch *batch, const char *peer)
{
    registry_state_query query = ask_state(batch, GATEWAY);
    eth_request *answers = &batch->requests[query.first];
    answers[0].result = json_string("0x000000000000000000000000a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf");
    answers[1].result = word_of(1);
    answers[2].result = json_string("0x0000000000000000000000001691ed1b47506cad7d08834668691d88246f5b1f");
    answers[3].result = word_of(0);
    answers[4].result = word_of(1);
    answers[5].result = word_of(0);
    answers[6].result = word_of(1);
    answers[7].result = word_of(1234567);
    answers[8].result = word_of(86400);
    answers[9].result = json_string(unit_text(vectors, peer));
    answers[10].result = word_of(1);
    return query;
}

static void test_state(void **state)
{
    eth_batch batch;
    registry_state it;
    base_error error = {0};
    (void)state;
    registry_state_query query = answered_state(&batch, "peer");
    registry_read_state(&batch, query, &it, &error);
    expect_ok(&error);
    assert_hex(it.kms_root20, 20, "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf");
    assert_true(it.app_allowed && it.has_ticket && !it.banned && it.paused && !it.dev_mode && it.bound_urls);
    assert_true(it.base_allowed);
    assert_int_equal(it.last_anchor, 1234567);
    assert_int_equal(it.lease_duration, 86400);
    assert_string_equal(it.url, "http://localhost:8080");
    assert_ptr_equal(it.peer.url, it.url);
    assert_int_equal(it.peer.url_len, 21);
    assert_int_equal(it.peer.expires_at, 1700086400);
    assert_hex(it.peer.address20, 20, ADDRESS);
    eth_batch_free(&batch);
}

static void test_state_of_one_who_is_not_listed(void **state)
{
    eth_batch batch;
    registry_state it;
    base_error error = {0};
    (void)state;
    registry_state_query query = answered_state(&batch, "no_peer");
    json_decref(batch.requests[query.first + 2].result);
    batch.requests[query.first + 2].result = word_of(0);
    registry_read_state(&batch, query, &it, &error);
    expect_ok(&error);
    assert_false(it.has_ticket);
    assert_string_equal(it.url, "");
    assert_int_equal(it.peer.url_len, 0);
    eth_batch_free(&batch);
}

/* Each of the answers in turn is one that the contract cannot have given. */
static void test_each_answer_is_checked(void **state)
{
    static const struct {
        const char *text;
        int code;
    } lies[] = {{"0x", DSTACK_P2P_ERR_NO_CONTRACT},
                {"nonsense", DSTACK_P2P_ERR_RPC_ANSWER},
                {"0x01", DSTACK_P2P_ERR_OTHER_CONTRACT}};
    (void)state;
    for (size_t at = 0; at < COUNT(state_calls); at++) {
        for (size_t i = 0; i < COUNT(lies); i++) {
            eth_batch batch;
            registry_state it;
            base_error error = {0};
            registry_state_query query = answered_state(&batch, "peer");
            json_string_set(batch.requests[query.first + at].result, lies[i].text);
            assert_int_equal(registry_read_state(&batch, query, &it, &error), lies[i].code);
            eth_batch_free(&batch);
        }
    }
}

/* A boolean is 0 or 1, an address has 20 bytes, a number 8: the ticket's id alone may have all 32. */
static void test_each_answer_is_in_range(void **state)
{
    (void)state;
    for (size_t at = 0; at < COUNT(state_calls); at++) {
        eth_batch batch;
        registry_state it;
        base_error error = {0};
        registry_state_query query = answered_state(&batch, "peer");
        json_string_set(batch.requests[query.first + at].result,
                        "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
        int expected = at == 2 ? 0 : DSTACK_P2P_ERR_OTHER_CONTRACT;
        assert_int_equal(registry_read_state(&batch, query, &it, &error), expected);
        eth_batch_free(&batch);
    }
}

static void test_truncated_own_peer(void **state)
{
    size_t len;
    (void)state;
    uint8_t *data = unit_bytes(unit_text(vectors, "peer"), &len);
    for (size_t cut = 0; cut <= len - 32 + 20; cut++) {
        eth_batch batch;
        registry_state it;
        base_error error = {0};
        registry_state_query query = answered_state(&batch, "peer");
        json_decref(batch.requests[query.first + 9].result);
        batch.requests[query.first + 9].result = answer_bytes(data, cut).result;
        assert_int_not_equal(registry_read_state(&batch, query, &it, &error), 0);
        eth_batch_free(&batch);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions_are_encoded_as_cast_does),
        cmocka_unit_test(test_state_questions),
        cmocka_unit_test(test_base_domain_is_asked_for_only_where_there_is_one),
        cmocka_unit_test(test_register_call_data_of_the_vectors),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_empty_page),
        cmocka_unit_test(test_truncated_page),
        cmocka_unit_test(test_hostile_words),
        cmocka_unit_test(test_peers_that_cannot_be),
        cmocka_unit_test(test_url_of_the_greatest_length),
        cmocka_unit_test(test_answers_without_a_contract),
        cmocka_unit_test(test_answers_of_another_type),
        cmocka_unit_test(test_errors_answered),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_state_of_one_who_is_not_listed),
        cmocka_unit_test(test_each_answer_is_checked),
        cmocka_unit_test(test_each_answer_is_in_range),
        cmocka_unit_test(test_truncated_own_peer),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
