/* SPDX-License-Identifier: MIT */
#include "registry/events.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/key.h"
#include "unit.h"

#include <stdio.h>

enum { WORD = 64, HEAD_WORDS = 6 };

static const char contract_hex[] = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
static const char hash_hex[] = "0x2222222222222222222222222222222222222222222222222222222222222222";

static void contract(uint8_t out20[static 20])
{
    unit_hex(contract_hex, out20, 20);
}

/* ---- Log entries as the contract writes them ---- */

static void put_word(base_buf *out, uint64_t value)
{
    base_buf_printf(out, "%064llx", (unsigned long long)value);
}

static void put_bytes(base_buf *out, const char *hex)
{
    size_t digits = strlen(hex);
    put_word(out, digits / 2);
    base_buf_puts(out, hex);
    while (digits++ % WORD)
        base_buf_puts(out, "0");
}

static size_t padded(const char *hex)
{
    return 32 + (strlen(hex) + WORD - 1) / WORD * 32;
}

/* The data of PeerRegistered as "0x..."; `url` is hex here, too. */
static base_buf registered_data(const json_t *vector, const char *url)
{
    const char *parts[] = {url, unit_text(vector, "derived_public_key"), unit_text(vector, "app_signature"),
                           unit_text(vector, "kms_signature")};
    size_t at = (size_t)HEAD_WORDS * 32;
    base_buf out = base_buf_make(8192);
    base_buf_puts(&out, "0x");
    put_word(&out, at);
    put_word(&out, 1234); /* expiresAt */
    put_word(&out, 7);    /* version */
    for (size_t i = 1; i < 4; i++)
        put_word(&out, at += padded(parts[i - 1]));
    for (size_t i = 0; i < 4; i++)
        put_bytes(&out, parts[i]);
    assert_false(base_buf_failed(&out));
    return out;
}

static json_t *topic_of(registry_event_kind kind)
{
    char text[67] = "0x";
    base_hex_encode(registry_event_topic(kind), 32, text + 2);
    return json_string(text);
}

static json_t *entry(registry_event_kind kind, const char *data)
{
    return json_pack("{ss so ss ss ss ss ss sb}", "address", contract_hex, "topics",
                     json_pack("[o]", topic_of(kind)), "data", data, "blockNumber", "0x2a", "blockHash",
                     hash_hex, "transactionHash", hash_hex, "logIndex", "0x3", "removed", 0);
}

static void add_topic(json_t *log, const char *hex, bool left)
{
    char text[67];
    static const char zeros[] = "000000000000000000000000";
    snprintf(text, sizeof text, "0x%s%s%s", left ? "" : zeros, hex, left ? zeros : "");
    json_array_append_new(json_object_get(log, "topics"), json_string(text));
}

static json_t *registered(const json_t *vector)
{
    char url[2 * REGISTRY_URL_MAX + 1];
    const char *text = unit_text(vector, "connection_url");
    base_hex_encode(text, strlen(text), url);
    base_buf data = registered_data(vector, url);
    json_t *log = entry(REGISTRY_PEER_REGISTERED, data.data);
    add_topic(log, unit_text(vector, "instance_id"), true);
    add_topic(log, unit_text(vector, "instance_address") + 2, false);
    base_buf_free(&data);
    return log;
}

static json_t *first_vector(json_t *vectors)
{
    return json_array_get(json_object_get(vectors, "cases"), 0);
}

/* ---- What is read ---- */

static registry_event read_well(json_t *log)
{
    base_error error = {0};
    registry_event event;
    uint8_t address[20];
    contract(address);
    registry_read_event(log, address, &event, &error);
    expect_ok(&error);
    json_decref(log);
    return event;
}

static void test_registered(void **state)
{
    json_t *vectors = unit_vectors("registration.json"), *vector;
    size_t at;
    (void)state;
    json_array_foreach(json_object_get(vectors, "cases"), at, vector)
    {
        if (!*unit_text(vector, "connection_url")) continue; /* a withdrawal leaves no such entry */
        registry_event event = read_well(registered(vector));
        assert_int_equal(event.kind, REGISTRY_PEER_REGISTERED);
        assert_hex(event.instance20, 20, unit_text(vector, "instance_id"));
        char address[43];
        eth_address_format(event.address20, address);
        assert_string_equal(address, unit_text(vector, "instance_address"));
        assert_string_equal(event.url, unit_text(vector, "connection_url"));
        assert_hex(event.derived_key33, 33, unit_text(vector, "derived_public_key"));
        assert_hex(event.app_signature73, 73, unit_text(vector, "app_signature"));
        assert_hex(event.kms_signature118, 118, unit_text(vector, "kms_signature"));
        assert_int_equal(event.expires_at, 1234);
        assert_int_equal(event.version, 7);
        assert_int_equal(event.block_number, 42);
        assert_int_equal(event.log_index, 3);
        assert_hex(event.block_hash32, 32, hash_hex);
        assert_hex(event.tx_hash32, 32, hash_hex);
        assert_false(event.removed);
    }
    assert_int_equal(at, 3);
    json_decref(vectors);
}

static base_buf words(uint64_t first, uint64_t second, bool both)
{
    base_buf data = base_buf_make(256);
    base_buf_puts(&data, "0x");
    put_word(&data, first);
    if (both) put_word(&data, second);
    return data;
}

static void test_other_kinds(void **state)
{
    static const char id[] = "1691ed1b47506cad7d08834668691d88246f5b1f";
    base_buf one = words(77, 0, false), two = words(5, 9, true);
    (void)state;
    json_t *renewed = entry(REGISTRY_PEER_RENEWED, one.data),
           *removed = entry(REGISTRY_PEER_REMOVED, two.data);
    add_topic(renewed, id, true);
    add_topic(removed, id, true);
    json_object_set_new(removed, "removed", json_true());
    registry_event event = read_well(renewed);
    assert_int_equal(event.kind, REGISTRY_PEER_RENEWED);
    assert_int_equal(event.expires_at, 77);
    assert_hex(event.instance20, 20, id);
    event = read_well(removed);
    assert_int_equal(event.kind, REGISTRY_PEER_REMOVED);
    assert_int_equal(event.reason, 5);
    assert_int_equal(event.version, 9);
    assert_true(event.removed);
    event = read_well(entry(REGISTRY_POLICY_TIGHTENED, two.data));
    assert_int_equal(event.kind, REGISTRY_POLICY_TIGHTENED);
    assert_int_equal(event.policy_epoch, 5);
    assert_int_equal(event.version, 9);
    base_buf_free(&one);
    base_buf_free(&two);
}

/* Another event of the contract: its data is nobody's business. */
static void test_other_event(void **state)
{
    (void)state;
    json_t *log = entry(REGISTRY_PEER_RENEWED, "0x!7");
    json_object_set_new(log, "topics", json_pack("[s]", hash_hex));
    registry_event event = read_well(log);
    assert_int_equal(event.kind, REGISTRY_OTHER_EVENT);
    assert_int_equal(event.block_number, 42);
}

/* ---- What is refused ---- */

static void refuse(json_t *log, const char *words)
{
    base_error error = {0};
    registry_event event;
    uint8_t address[20];
    contract(address);
    registry_read_event(log, address, &event, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_ANSWER, words);
    json_decref(log);
}

static void test_malformed_members(void **state)
{
    static const struct {
        const char *member, *value, *words;
    } cases[] = {
        {"address", "\"0x5fbdb2315678afecb367f032d93f642f64180aa4\"", "another address"},
        {"address", "null", "another address"},
        {"blockNumber", "null", "no block"}, /* a pending one */
        {"blockNumber", "42", "no block"},
        {"blockHash", "\"0x22\"", "no block"},
        {"logIndex", "\"0x\"", "no block"},
        {"transactionHash", "null", "no block"},
        {"removed", "\"false\"", "removed flag"},
        {"topics", "null", "malformed topics"},
        {"topics", "[]", "malformed topics"},
        {"topics", "[1]", "malformed topics"},
        {"topics", "[\"0x22\"]", "malformed topics"},
        {"data", "null", "data"},
        {"data", "\"0x\"", "data"},
        {"data", "\"0x123\"", "data"},
        {"data", "{}", "data"},
    };
    json_t *vectors = unit_vectors("registration.json");
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *log = registered(first_vector(vectors));
        json_object_set_new(log, cases[i].member, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        refuse(log, cases[i].words);
    }
    refuse(json_null(), "another address");
    refuse(json_pack("[]"), "another address");
    json_decref(vectors);
}

static void test_topics_of_another_number_or_type(void **state)
{
    json_t *vectors = unit_vectors("registration.json");
    (void)state;
    for (size_t keep = 1; keep <= 2; keep++) {
        json_t *log = registered(first_vector(vectors));
        while (json_array_size(json_object_get(log, "topics")) > keep)
            json_array_remove(json_object_get(log, "topics"), keep);
        refuse(log, "topics that the contract does not write");
    }
    json_t *log = registered(first_vector(vectors));
    add_topic(log, "1691ed1b47506cad7d08834668691d88246f5b1f", true);
    refuse(log, "topics that the contract does not write");
    for (size_t at = 1; at <= 2; at++) {
        log = registered(first_vector(vectors));
        json_array_set_new(json_object_get(log, "topics"), at, json_string(hash_hex));
        refuse(log, "topics that the contract does not write");
    }
    json_decref(vectors);
}

static void refuse_url(const json_t *vector, const char *url_hex)
{
    base_buf data = registered_data(vector, url_hex);
    json_t *log = registered(vector);
    json_object_set_new(log, "data", json_string(data.data));
    refuse(log, "data that the contract does not write");
    base_buf_free(&data);
}

static void test_urls_that_no_contract_keeps(void **state)
{
    json_t *vectors = unit_vectors("registration.json");
    char longer[2 * (REGISTRY_URL_MAX + 1) + 1];
    (void)state;
    memset(longer, '6', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    refuse_url(first_vector(vectors), "");
    refuse_url(first_vector(vectors), "6800");
    refuse_url(first_vector(vectors), "68201b5b324a");
    refuse_url(first_vector(vectors), longer);
    json_decref(vectors);
}

/* Evidence of another length, or cut anywhere: refused, and nothing beyond the data is read. */
static void test_data_of_another_length(void **state)
{
    static const char *const members[] = {"derived_public_key", "app_signature", "kms_signature"};
    json_t *vectors = unit_vectors("registration.json");
    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        json_t *vector = json_deep_copy(first_vector(vectors));
        char shorter[512];
        snprintf(shorter, sizeof shorter, "%s", unit_text(vector, members[i]) + 2);
        json_object_set_new(vector, members[i], json_string(shorter));
        refuse(registered(vector), "data that the contract does not write");
        json_decref(vector);
    }
    json_t *whole = registered(first_vector(vectors));
    const char *data = json_string_value(json_object_get(whole, "data"));
    for (size_t len = 2; len + WORD <= strlen(data); len += 2) {
        json_t *log = json_deep_copy(whole);
        json_object_set_new(log, "data", json_stringn(data, len));
        refuse(log, "data");
    }
    json_decref(whole);
    json_decref(vectors);
}

/* Any word of the head pointing anywhere: decoded or refused, never beyond the data. */
static void test_offsets_anywhere(void **state)
{
    json_t *vectors = unit_vectors("registration.json"), *whole = registered(first_vector(vectors));
    const char *data = json_string_value(json_object_get(whole, "data"));
    uint8_t address[20];
    unsigned refused = 0;
    (void)state;
    contract(address);
    for (size_t word = 0; word < HEAD_WORDS; word++)
        for (unsigned offset = 0; offset < 1024; offset++) {
            char *changed = unit_copy(data, strlen(data) + 1), digits[WORD + 1];
            base_error error = {0};
            registry_event event;
            snprintf(digits, sizeof digits, "%064x", offset);
            memcpy(changed + 2 + word * WORD, digits, WORD);
            json_t *log = json_deep_copy(whole);
            json_object_set_new(log, "data", json_string(changed));
            refused += registry_read_event(log, address, &event, &error) == DSTACK_P2P_ERR_RPC_ANSWER;
            json_decref(log);
            free(changed);
        }
    assert_in_range(refused, 3500, 4 * 1024);
    json_decref(whole);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registered),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_other_event),
        cmocka_unit_test(test_malformed_members),
        cmocka_unit_test(test_topics_of_another_number_or_type),
        cmocka_unit_test(test_urls_that_no_contract_keeps),
        cmocka_unit_test(test_data_of_another_length),
        cmocka_unit_test(test_offsets_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
