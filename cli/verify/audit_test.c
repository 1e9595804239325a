/* SPDX-License-Identifier: MIT */
#include "cli/verify/audit.h"

#include "eth/key.h"
#include "unit.h"

#include <stdio.h>

/* ---- Audits of the vectors' registrations ---- */

static void read_address(const char *text, uint8_t address20[static 20])
{
    assert_true(eth_address_parse(text, address20));
}

static cli_audit_peer make_peer(const json_t *vector)
{
    cli_audit_peer peer = {.registered_at = 1700000000, .has_event = true, .has_anchor = true};
    registry_event *event = &peer.event;
    event->block_number = 17;
    event->log_index = 3;
    unit_pattern(event->block_hash32, 32);
    unit_pattern(event->tx_hash32, 32);
    read_address(unit_text(vector, "instance_address"), event->address20);
    unit_hex(unit_text(vector, "instance_id"), event->instance20, 20);
    snprintf(event->url, sizeof event->url, "%s", unit_text(vector, "connection_url"));
    unit_hex(unit_text(vector, "derived_public_key"), event->derived_key33, 33);
    unit_hex(unit_text(vector, "app_signature"), event->app_signature73, 73);
    unit_hex(unit_text(vector, "kms_signature"), event->kms_signature118, 118);
    unit_hex(unit_text(vector, "anchor_hash"), peer.anchor_hash32, 32);
    return peer;
}

/* A peer that is proven, and another one without evidence if `count` is 2. */
static cli_audit make_audit(size_t count)
{
    json_t *vectors = unit_vectors("registration.json");
    const json_t *vector = json_array_get(json_object_get(vectors, "cases"), 0);
    cli_audit audit = {.chain_id = unit_number(vector, "chain_id"),
                       .source = CLI_AUDIT_GUEST,
                       .block_number = 20,
                       .block_time = 1700000100,
                       .count = count};
    read_address(unit_text(vector, "contract"), audit.contract20);
    read_address(unit_text(vectors, "kms_root_address"), audit.kms_root20);
    read_address(unit_text(vectors, "kms_root_address"), audit.contract_root20);
    audit.peers = calloc(count, sizeof *audit.peers);
    audit.peers[0] = make_peer(vector);
    memcpy(audit.app_ids20[audit.app_count++], cli_audit_app_id(&audit.peers[0]), 20);
    if (count > 1) {
        audit.peers[1].event = (registry_event){.instance20 = {1}, .address20 = {2}, .url = "http://b"};
        audit.peers[1].expires_at = UINT64_MAX; /* a node may say anything */
    }
    cli_audit_judge(&audit);
    json_decref(vectors);
    return audit;
}

static char *write_audit(const cli_audit *audit)
{
    json_t *document = cli_audit_write(audit);
    char *text = json_dumps(document, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    assert_non_null(text);
    json_decref(document);
    return text;
}

static void test_what_is_written_is_read(void **state)
{
    base_error error = {0};
    cli_audit audit = make_audit(2), again;
    (void)state;
    assert_int_equal(audit.proven, 1);
    assert_int_equal(audit.peers[1].verdict, REGISTRY_NO_EVENT);
    char *text = write_audit(&audit);
    cli_audit_read(text, strlen(text), &again, &error);
    expect_ok(&error);
    assert_int_equal(again.proven, 1);
    char *second = write_audit(&again);
    assert_string_equal(text, second);
    free(text);
    free(second);
    cli_audit_free(&audit);
    cli_audit_free(&again);
}

/* An anchor that does not exist, and a certificate without a signature, are evidence too. */
static void test_broken_evidence_is_kept(void **state)
{
    base_error error = {0};
    cli_audit audit = make_audit(1), again;
    (void)state;
    audit.peers[0].has_anchor = false;
    memset(audit.peers[0].event.kms_signature118, 0xff, 65);
    cli_audit_judge(&audit);
    assert_int_equal(audit.peers[0].verdict, REGISTRY_NO_ANCHOR);
    char *text = write_audit(&audit);
    cli_audit_read(text, strlen(text), &again, &error);
    expect_ok(&error);
    assert_int_equal(again.peers[0].verdict, REGISTRY_NO_ANCHOR);
    assert_false(again.peers[0].has_anchor);
    free(text);
    cli_audit_free(&audit);
    cli_audit_free(&again);
}

/* ---- Every byte ---- */

/* What an audit proves, without what it does not: whatever else a file says is its writer's or the node's
 * word. */
static void forget_hearsay(cli_audit *audit)
{
    memset(audit->contract_root20, 0, 20);
    memset(audit->block_hash32, 0, 32);
    audit->block_number = audit->block_time = 0;
    audit->source = CLI_AUDIT_OPTION;
    for (size_t i = 0; i < audit->count; i++) {
        cli_audit_peer *peer = &audit->peers[i];
        peer->registered_at = peer->expires_at = 0;
        peer->event.block_number = peer->event.log_index = 0;
        memset(peer->event.block_hash32, 0, 32);
        memset(peer->event.tx_hash32, 0, 32);
    }
}

/* How a changed file ends: refused, not proven, or proving the same as `good`. */
static bool expect_no_other_proof(const char *text, size_t len, size_t at, const char *good)
{
    base_error error = {0};
    cli_audit audit;
    bool proven = !cli_audit_read(text, len, &audit, &error) && audit.count && audit.proven == audit.count;
    if (error.code) {
        assert_int_equal(error.code, DSTACK_P2P_ERR_INVALID_ARGUMENT);
        assert_true(*error.text);
    }
    if (proven) {
        forget_hearsay(&audit);
        char *proves = write_audit(&audit);
        if (strcmp(proves, good) != 0) fail_msg("byte %zu: %s is proven as well", at, proves);
        free(proves);
    }
    cli_audit_free(&audit);
    return proven;
}

static void test_every_byte_counts(void **state)
{
    static const uint8_t flips[] = {0x01, 0x20, 0xff};
    cli_audit audit = make_audit(1);
    char *text = write_audit(&audit);
    size_t len = strlen(text), refused = 0;
    (void)state;
    forget_hearsay(&audit);
    char *good = write_audit(&audit);
    assert_true(expect_no_other_proof(text, len, len, good));
    for (size_t at = 0; at < len; at++)
        for (size_t i = 0; i < COUNT(flips); i++) {
            text[at] = (char)(text[at] ^ flips[i]);
            refused += !expect_no_other_proof(text, len, at, good);
            text[at] = (char)(text[at] ^ flips[i]);
        }
    /* White space, and digits of what is hearsay, are few. */
    assert_in_range(refused, len * COUNT(flips) * 4 / 5, len * COUNT(flips));
    free(text);
    free(good);
    cli_audit_free(&audit);
}

static void test_every_length(void **state)
{
    base_error error = {0};
    cli_audit audit = make_audit(1), again;
    char *text = write_audit(&audit);
    (void)state;
    for (size_t len = 0; len < strlen(text); len++) {
        char *cut = unit_copy(text, len);
        cli_audit_read(cut, len, &again, &error);
        expect_error(&error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "it is no JSON");
        cli_audit_free(&again);
        free(cut);
    }
    free(text);
    cli_audit_free(&audit);
}

/* ---- Sentences ---- */

/* Replaces a part of a good file, and insists on the sentence. */
static void expect_refusal(const char *part, const char *other, const char *sentence)
{
    base_error error = {0};
    cli_audit audit = make_audit(2), again;
    char *text = write_audit(&audit), *found = strstr(text, part), *changed;
    assert_non_null(found);
    changed = malloc(strlen(text) + strlen(other) + 1);
    sprintf(changed, "%.*s%s%s", (int)(found - text), text, other, found + strlen(part));
    cli_audit_read(changed, strlen(changed), &again, &error);
    expect_error(&error, DSTACK_P2P_ERR_INVALID_ARGUMENT, sentence);
    free(text);
    free(changed);
    cli_audit_free(&audit);
    cli_audit_free(&again);
}

static void test_sentences(void **state)
{
    (void)state;
    expect_refusal("audit-1", "audit-2", "it is no audit");
    expect_refusal("\"chain_id\"", "\"chain\"", "'chain' is no member of it");
    expect_refusal("\"time\": 1700000100", "\"time\": 1.5", "block: 'time' is no whole number");
    expect_refusal("\"time\": 1700000100", "\"time\": -1", "block: 'time' is no whole number");
    expect_refusal("\"time\": 1700000100", "\"time\": 9223372036854775808", "it is no JSON");
    expect_refusal("guest_agent", "guest", "'kms_root_from' is not option, guest_agent or contract");
    expect_refusal("\"url\": \"http://b\"", "\"url\": \"\"", "peer 1: 'url' is not 1 to 256");
    expect_refusal("\"url\": \"http://b\"", "\"url\": \"http://\\u007f\"", "peer 1: 'url' is not 1 to 256");
    expect_refusal("\"url\": \"http://b\"", "\"url\": 7", "peer 1: 'url' is no text");
    expect_refusal("\"url\": \"http://b\"", "\"url\": \"h\", \"url\": \"h\"", "it is no JSON");
    expect_refusal("\"0x0200000000000000000000000000000000000000\"", "\"0x02\"",
                   "peer 1: 'instance_address' is no address");
    expect_refusal("no_event", "proven", "peer 1: 'verdict' is not what the evidence says");
    expect_refusal("\"proven\": 1", "\"proven\": 2", "'proven' is not the number of them");
    expect_refusal("\"not_proven\": 1", "\"not_proven\": 0", "'not_proven' is not the number of them");
    expect_refusal("\"event\": {", "\"event\": null, \"anchor\": {", "it is no JSON");
    expect_refusal("\"peers\": [", "\"peers\": [ [],", "peer 0: it is no JSON object");
}

static void test_what_is_derived_must_follow(void **state)
{
    (void)state;
    expect_refusal("\"app_id\": null", "\"app_id\": \"00\"", "peer 1: 'app_id' does not fit the event");
    expect_refusal("\"app_key\": null", "\"app_key\": \"00\"", "peer 1: 'app_key' does not fit the event");
    expect_refusal("\"kms_root\": null", "\"kms_root\": 1", "peer 1: 'kms_root' does not fit the event");
    expect_refusal("\"anchor\": null", "\"anchor\": {\"number\": 1, \"hash\": \"0x\"}",
                   "peer 1: 'anchor' is there, and no event");
    expect_refusal("\"app_key\": \"0x02", "\"app_key\": \"0x03",
                   "peer 0: 'app_key' is not the one in kms_signature");
}

static void test_nobody_counts_twice(void **state)
{
    base_error error = {0};
    cli_audit audit = make_audit(2), again;
    (void)state;
    audit.peers[1] = audit.peers[0];
    audit.peers[1].registered_at++;
    cli_audit_judge(&audit);
    char *text = write_audit(&audit);
    cli_audit_read(text, strlen(text), &again, &error);
    expect_error(&error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "peer 1: 'instance_id' is an earlier peer's too");
    free(text);
    cli_audit_free(&audit);
    cli_audit_free(&again);
}

static void test_names(void **state)
{
    (void)state;
    for (int verdict = REGISTRY_PROVEN; verdict <= REGISTRY_OTHER_SIGNER; verdict++)
        assert_non_null(cli_audit_verdict_name((registry_verdict)verdict));
    assert_null(cli_audit_verdict_name((registry_verdict)(REGISTRY_OTHER_SIGNER + 1)));
    assert_null(cli_audit_source_name(CLI_AUDIT_SOURCES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_written_is_read),
                                       cmocka_unit_test(test_broken_evidence_is_kept),
                                       cmocka_unit_test(test_every_byte_counts),
                                       cmocka_unit_test(test_every_length),
                                       cmocka_unit_test(test_sentences),
                                       cmocka_unit_test(test_what_is_derived_must_follow),
                                       cmocka_unit_test(test_nobody_counts_twice),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
