/* SPDX-License-Identifier: MIT */
#include "support/fake_contract.h"

#include "base/hex.h"
#include "eth/abi.h"
#include "eth/key.h"
#include "registry/contract_abi.h"
#include "support/fake_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = ETH_ABI_WORD, ANSWER_MAX = 8 * 1024 * 1024 };

static void put_u64(base_buf *out, uint64_t value)
{
    uint8_t word[WORD] = {0};
    for (int i = WORD - 1; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_append(out, word, WORD);
}

/* 20 bytes of hex, to the left or to the right of a word. */
static void put_20(base_buf *out, const char *hex, bool left)
{
    uint8_t word[WORD] = {0};
    if (!base_hex_decode(hex, 40, left ? word : word + 12, 20)) abort();
    base_buf_append(out, word, WORD);
}

static void put_peer(base_buf *out, const fake_peer *peer)
{
    static const uint8_t zeros[WORD];
    size_t len = strlen(peer->url);
    put_20(out, peer->instance_id, true);
    put_20(out, peer->address, false);
    put_u64(out, peer->registered_at);
    put_u64(out, peer->expires_at);
    put_u64(out, 5 * WORD);
    put_u64(out, len);
    base_buf_append(out, peer->url, len);
    base_buf_append(out, zeros, (WORD - len % WORD) % WORD);
}

static fake_peer own_peer(const fake_node_state *state)
{
    static const char zero[] = "0000000000000000000000000000000000000000";
    if (!state->listed_url[0]) return (fake_peer){zero, zero, "", 0, 0};
    return (fake_peer){FAKE_INSTANCE_ID, state->listed_address, state->listed_url, 900, state->listed_until};
}

static void put_own_peer(base_buf *out, const fake_node_state *state)
{
    fake_peer peer = own_peer(state);
    put_u64(out, WORD);
    put_peer(out, &peer);
}

/* The listed peers first, then the crowd, then the instance that registered here. */
static fake_peer peer_at(const fake_node_state *state, uint64_t slot, fake_crowd_peer *crowd)
{
    if (slot < state->peer_count) return state->peers[slot];
    if (slot - state->peer_count >= state->crowd) return own_peer(state);
    fake_crowd(slot - state->peer_count, crowd);
    return crowd->peer;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The head of a page, with the lies that are told in it. */
static void put_head(base_buf *out, const fake_node_state *state, const fake_page *page, uint64_t slots)
{
    const fake_lie *lie = &state->lie;
    bool lies = page->offset >= lie->from && (page->pinned || !lie->pinned);
    uint64_t total = state->total ? state->total : slots;
    put_u64(out, 3 * WORD);
    put_u64(out, lies && lie->total ? lie->total : total);
    put_u64(out, lies && lie->version ? lie->version : state->version);
}

static void put_page(base_buf *out, const fake_node_state *state, const fake_page *asked)
{
    fake_crowd_peer crowd;
    base_buf tuples = base_buf_make(ANSWER_MAX);
    uint64_t slots = state->peer_count + state->crowd + (state->listed_url[0] != '\0');
    uint64_t first = state->repeats ? 0 : min_u64(asked->offset, slots);
    uint64_t count = state->ignores_limit ? slots - first : min_u64(asked->limit, slots - first);
    put_head(out, state, asked, slots);
    put_u64(out, count);
    for (uint64_t i = 0; i < count; i++) {
        fake_peer peer = peer_at(state, first + i, &crowd);
        put_u64(out, count * WORD + tuples.len);
        put_peer(&tuples, &peer);
    }
    if (tuples.len) base_buf_append(out, tuples.data, tuples.len);
    base_buf_free(&tuples);
}

void fake_crowd(uint64_t number, fake_crowd_peer *crowd)
{
    uint32_t mixed = (uint32_t)number * UINT32_C(2654435761); /* no two the same, and in no order */
    snprintf(crowd->id, sizeof crowd->id, "%08x%032llx", mixed, (unsigned long long)number + 1);
    snprintf(crowd->address, sizeof crowd->address, "%032llx%08x", (unsigned long long)number + 1, mixed);
    snprintf(crowd->url, sizeof crowd->url, "http://peer-%0*llu:80", (int)(number % 200),
             (unsigned long long)number);
    crowd->peer = (fake_peer){crowd->id, crowd->address, crowd->url, 1000 + mixed % 100, 2000000000 + number};
}

static uint64_t word_u64(const char *hex)
{
    char digits[17];
    memcpy(digits, hex + 48, 16);
    digits[16] = '\0';
    return strtoull(digits, NULL, 16);
}

bool fake_contract_page(const char *hex, const char *block, fake_page *page)
{
    if (strlen(hex) != 2 + 8 + 2 * 64 || fake_contract_selector(hex) != CONTRACT_SEL_GET_PEERS) return false;
    *page = (fake_page){.offset = word_u64(hex + 10), .limit = word_u64(hex + 10 + 64)};
    page->pinned = block && !strncmp(block, "0x", 2);
    return true;
}

uint32_t fake_contract_selector(const char *hex)
{
    uint8_t bytes[4];
    if (strlen(hex) < 10 || !base_hex_decode(hex + 2, 8, bytes, 4)) return 0;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool put_view(base_buf *out, const fake_node_state *state, const char *hex, const char *block)
{
    fake_page page = {0};
    fake_contract_page(hex, block, &page);
    switch (fake_contract_selector(hex)) {
    case CONTRACT_SEL_KMS_ROOT_ADDRESS:
        put_20(out, state->kms_root + 2, false);
        break;
    case CONTRACT_SEL_INSTANCE_TO_TOKEN:
        put_20(out, state->has_ticket ? FAKE_INSTANCE_ID : "0000000000000000000000000000000000000000", false);
        break;
    case CONTRACT_SEL_GET_PEER:
        put_own_peer(out, state);
        break;
    case CONTRACT_SEL_GET_PEERS:
        put_page(out, state, &page);
        break;
#define NUMBER(name, value)                                                                                  \
    case CONTRACT_SEL_##name:                                                                                \
        put_u64(out, value);                                                                                 \
        break
        NUMBER(IS_APP_ID_ALLOWED, state->app_allowed);
        NUMBER(IS_INSTANCE_BANNED, state->banned);
        NUMBER(REGISTRATION_PAUSED, state->paused);
        NUMBER(DEV_MODE, state->dev_mode);
        NUMBER(INSTANCE_BOUND_URLS, state->bound_urls);
        NUMBER(IS_BASE_DOMAIN_ALLOWED, state->base_allowed);
        NUMBER(LAST_ANCHOR, state->last_anchor);
        NUMBER(LEASE_DURATION, state->lease);
        NUMBER(VERSION, state->version);
#undef NUMBER
    default:
        return false;
    }
    return true;
}

json_t *fake_contract_view(const fake_node_state *state, const char *hex, const char *block)
{
    base_buf words = base_buf_make(ANSWER_MAX), text = base_buf_make(2 * ANSWER_MAX + 2);
    json_t *value = NULL;
    if (put_view(&words, state, hex, block)) {
        base_buf_puts(&text, "0x");
        base_buf_hex(&text, words.data, words.len);
        value = json_string(text.data);
    }
    base_buf_free(&words);
    base_buf_free(&text);
    return value;
}

/* What a registerPeer call in a raw transaction holds, borrowed from it; all zero when there is none. */
typedef struct registration {
    uint8_t address[20];
    const uint8_t *url, *key33, *signature73, *certificate118;
    size_t url_len;
    uint64_t anchor;
} registration;

static registration read_registration(const uint8_t *raw, size_t len)
{
    static const uint8_t selector[4] = {0x5d, 0x9d, 0xb9, 0xc8};
    const uint8_t *call = memmem(raw, len, selector, sizeof selector);
    registration found = {0};
    size_t key_len = 0, signature_len = 0, certificate_len = 0, ignored;
    if (!call) return found;
    eth_abi abi = eth_abi_open(call + 4, len - (size_t)(call + 4 - raw));
    eth_abi_bytes(&abi, 40, &ignored);
    found.key33 = eth_abi_bytes(&abi, 33, &key_len);
    found.signature73 = eth_abi_bytes(&abi, 73, &signature_len);
    found.certificate118 = eth_abi_bytes(&abi, 118, &certificate_len);
    found.url = eth_abi_bytes(&abi, 256, &found.url_len);
    if (abi.bad || key_len != 33 || signature_len != 73 || certificate_len != 118 ||
        !eth_key_address(found.key33, found.address))
        abort();
    for (int i = 65; i < 73; i++)
        found.anchor = found.anchor << 8 | found.signature73[i];
    return found;
}

uint64_t fake_contract_anchor(const uint8_t *raw, size_t len)
{
    return read_registration(raw, len).anchor;
}

void fake_contract_register(fake_node_state *state, const uint8_t *raw, size_t len)
{
    registration found = read_registration(raw, len);
    if (!found.url) return;
    snprintf(state->listed_url, sizeof state->listed_url, "%.*s", (int)found.url_len,
             (const char *)found.url);
    base_hex_encode(found.address, sizeof found.address, state->listed_address);
    state->listed_until = state->lease ? state->block_time + state->lease : 0;
    state->last_anchor = found.anchor;
    state->registrations++;
    state->version++;
    state->listed_block = state->block_number;
    memcpy(state->listed_key33, found.key33, 33);
    memcpy(state->listed_signature73, found.signature73, 73);
    memcpy(state->listed_certificate118, found.certificate118, 118);
}
