/* SPDX-License-Identifier: MIT */
#include "registry/membership.h"

#include "base/hex.h"
#include "eth/quantity.h"
#include "registry/connection_url.h"
#include "registry/contract_abi.h"

#include <string.h>

enum {
    CALL_MAX = 4096,
    PAGE_HEAD_WORDS = 3,            /* offset of the peers, total, version */
    PEER_WORDS = 8,                 /* offset, five members, length, and a word of URL at least */
    PAGE_DATA_MAX = 8 * 1024 * 1024 /* half of what an answer may hold, as hex */
};

size_t registry_ask_view(eth_batch *batch, const uint8_t contract20[static 20], uint32_t selector,
                         const eth_abi_arg *args, size_t count, const char *block)
{
    base_buf data = base_buf_make(CALL_MAX);
    eth_abi_encode_call(&data, selector, args, count);
    size_t index = eth_batch_add_call(batch, contract20, &data, block);
    base_buf_free(&data);
    return index;
}

/* A call that a DstackMembershipNFT would not have refused or left without an answer. */
static int refuse(const eth_request *answer, base_error *error)
{
    const char *words = answer->error_message;
    bool reverted = answer->error_code == 3 || strstr(words, "revert");
    bool invalid = strstr(words, "invalid opcode") || strstr(words, "InvalidFEOpcode"); /* geth, anvil */
    if (answer->has_error && !reverted && !invalid) return eth_request_check(answer, error);
    return base_fail(
        error, DSTACK_P2P_ERR_OTHER_CONTRACT,
        "the contract does not answer as a DstackMembershipNFT does; check its address and chain");
}

/* A view of what a call returned. Nothing at all is what an address without code returns. */
static int open_answer(const eth_request *answer, base_buf *own, eth_abi *abi, base_error *error)
{
    const void *data;
    size_t len;
    *own = base_buf_make(PAGE_DATA_MAX);
    if (answer->has_error) return refuse(answer, error);
    if (!eth_request_data(answer, own, &data, &len))
        return base_fail(error, own->no_memory ? DSTACK_P2P_ERR_NO_MEMORY : DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node's answer to eth_call is no hex data, or too much of it");
    *abi = eth_abi_open(data, len);
    if (!len)
        return base_fail(
            error, DSTACK_P2P_ERR_NO_CONTRACT,
            "no contract answers at the address on this chain; check CONTRACT_ADDRESS and RPC_URL");
    return 0;
}

static int misread(base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_OTHER_CONTRACT,
                     "the contract's answer is not a DstackMembershipNFT's; check its address");
}

static void read_peer_tuple(eth_abi *abi, registry_peer *peer)
{
    eth_abi tuple = eth_abi_tuple(abi);
    eth_abi_bytes20(&tuple, peer->instance20);
    eth_abi_address(&tuple, peer->address20);
    peer->registered_at = eth_abi_u64(&tuple);
    peer->expires_at = eth_abi_u64(&tuple);
    peer->url = (const char *)eth_abi_bytes(&tuple, REGISTRY_URL_MAX, &peer->url_len);
    eth_abi_join(abi, &tuple);
}

static bool is_printable(const char *url, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (url[i] < 0x21 || url[i] > 0x7e) return false;
    return true;
}

size_t registry_ask_page(eth_batch *batch, const uint8_t contract20[static 20], uint64_t offset,
                         uint64_t limit, const char *block)
{
    eth_abi_arg args[] = {{.value = offset}, {.value = limit}};
    return registry_ask_view(batch, contract20, CONTRACT_SEL_GET_PEERS, args, 2, block);
}

int registry_open_page(const eth_request *answer, registry_page *page, base_error *error)
{
    eth_abi abi, head;
    memset(page, 0, sizeof *page);
    if (open_answer(answer, &page->own, &abi, error)) return error->code;
    head = abi;
    /* Other code may answer zeros to everything, which would pass for an empty list. */
    if (eth_abi_u64(&head) != PAGE_HEAD_WORDS * ETH_ABI_WORD) return misread(error);
    page->items = eth_abi_array(&abi, abi.len / (PEER_WORDS * ETH_ABI_WORD), &page->count);
    page->url_bytes = page->items.len - page->count * (PEER_WORDS - 1) * ETH_ABI_WORD;
    page->total = eth_abi_u64(&abi);
    page->version = eth_abi_u64(&abi);
    return abi.bad || page->count > page->total ? misread(error) : 0;
}

int registry_next_peer(registry_page *page, registry_peer *peer, base_error *error)
{
    static const uint8_t zero[20];
    read_peer_tuple(&page->items, peer);
    if (page->items.bad || !peer->url_len || !memcmp(peer->instance20, zero, 20) ||
        !memcmp(peer->address20, zero, 20) || !is_printable(peer->url, peer->url_len))
        return misread(error);
    return 0;
}

void registry_close_page(registry_page *page)
{
    base_buf_free(&page->own);
}

size_t registry_ask_version(eth_batch *batch, const uint8_t contract20[static 20], const char *block)
{
    return registry_ask_view(batch, contract20, CONTRACT_SEL_VERSION, NULL, 0, block);
}

/* Answers of one word: opens, reads, closes. */
int registry_read_word(const eth_request *answer, uint8_t word32[static 32], base_error *error)
{
    base_buf own;
    eth_abi abi;
    if (!open_answer(answer, &own, &abi, error)) {
        if (abi.len == 32)
            memcpy(word32, abi.data, 32);
        else
            misread(error);
    }
    base_buf_free(&own);
    return error->code;
}

int registry_read_u64(const eth_request *answer, uint64_t *value, base_error *error)
{
    uint8_t word[32];
    if (registry_read_word(answer, word, error)) return error->code;
    eth_abi abi = eth_abi_open(word, sizeof word);
    *value = eth_abi_u64(&abi);
    return abi.bad ? misread(error) : 0;
}

int registry_read_bool(const eth_request *answer, bool *value, base_error *error)
{
    uint8_t word[32];
    if (registry_read_word(answer, word, error)) return error->code;
    eth_abi abi = eth_abi_open(word, sizeof word);
    *value = eth_abi_bool(&abi);
    return abi.bad ? misread(error) : 0;
}

int registry_read_address(const eth_request *answer, uint8_t address20[static 20], base_error *error)
{
    uint8_t word[32];
    if (registry_read_word(answer, word, error)) return error->code;
    eth_abi abi = eth_abi_open(word, sizeof word);
    eth_abi_address(&abi, address20);
    return abi.bad ? misread(error) : 0;
}

int registry_read_nonzero(const eth_request *answer, bool *value, base_error *error)
{
    static const uint8_t zero[32];
    uint8_t word[32];
    if (registry_read_word(answer, word, error)) return error->code;
    *value = memcmp(word, zero, 32) != 0;
    return 0;
}

int registry_read_version(const eth_request *answer, uint64_t *version, base_error *error)
{
    return registry_read_u64(answer, version, error);
}

size_t registry_ask_peer(eth_batch *batch, const uint8_t contract20[static 20],
                         const uint8_t instance20[static 20], const char *block)
{
    char id[41];
    base_hex_encode(instance20, 20, id);
    const eth_abi_arg instance = {.data = id, .len = 40};
    return registry_ask_view(batch, contract20, CONTRACT_SEL_GET_PEER, &instance, 1, block);
}

int registry_read_peer(const eth_request *answer, registry_peer *peer, char url[static REGISTRY_URL_MAX + 1],
                       base_error *error)
{
    base_buf own;
    eth_abi abi;
    memset(peer, 0, sizeof *peer);
    url[0] = '\0';
    if (!open_answer(answer, &own, &abi, error)) {
        read_peer_tuple(&abi, peer);
        if (abi.bad || !is_printable(peer->url, peer->url_len)) {
            misread(error);
        } else {
            memcpy(url, peer->url, peer->url_len);
            url[peer->url_len] = '\0';
        }
        peer->url = url;
    }
    base_buf_free(&own);
    return error->code;
}

/* The order of the questions. */
enum { KMS_ROOT, APP_ALLOWED, TICKET, BANNED, PAUSED, DEV_MODE, BOUND_URLS, LAST_ANCHOR, LEASE, PEER, BASE };

registry_state_query registry_ask_state(eth_batch *batch, const uint8_t contract20[static 20],
                                        const uint8_t instance20[static 20],
                                        const uint8_t app_id20[static 20], const char *url)
{
    char id[41];
    const char *base;
    base_hex_encode(instance20, 20, id);
    const eth_abi_arg instance = {.data = id, .len = 40}, app = {.address20 = app_id20};
    registry_state_query query = {
        .first = registry_ask_view(batch, contract20, CONTRACT_SEL_KMS_ROOT_ADDRESS, NULL, 0, "latest")};
    registry_ask_view(batch, contract20, CONTRACT_SEL_IS_APP_ID_ALLOWED, &app, 1, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_INSTANCE_TO_TOKEN, &instance, 1, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_IS_INSTANCE_BANNED, &instance, 1, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_REGISTRATION_PAUSED, NULL, 0, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_DEV_MODE, NULL, 0, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_INSTANCE_BOUND_URLS, NULL, 0, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_LAST_ANCHOR, &instance, 1, "latest");
    registry_ask_view(batch, contract20, CONTRACT_SEL_LEASE_DURATION, NULL, 0, "latest");
    registry_ask_peer(batch, contract20, instance20, "latest");
    eth_abi_arg domain = {0};
    query.asked_base = !registry_url_check_production(url, &base, &domain.len);
    if (query.asked_base) {
        domain.data = base;
        registry_ask_view(batch, contract20, CONTRACT_SEL_IS_BASE_DOMAIN_ALLOWED, &domain, 1, "latest");
    }
    return query;
}

int registry_read_state(const eth_batch *batch, registry_state_query query, registry_state *state,
                        base_error *error)
{
    const eth_request *answers = &batch->requests[query.first];
    memset(state, 0, sizeof *state);
    if (registry_read_address(&answers[KMS_ROOT], state->kms_root20, error) ||
        registry_read_bool(&answers[APP_ALLOWED], &state->app_allowed, error) ||
        registry_read_nonzero(&answers[TICKET], &state->has_ticket, error) ||
        registry_read_bool(&answers[BANNED], &state->banned, error) ||
        registry_read_bool(&answers[PAUSED], &state->paused, error) ||
        registry_read_bool(&answers[DEV_MODE], &state->dev_mode, error) ||
        registry_read_bool(&answers[BOUND_URLS], &state->bound_urls, error) ||
        registry_read_u64(&answers[LAST_ANCHOR], &state->last_anchor, error) ||
        registry_read_u64(&answers[LEASE], &state->lease_duration, error) ||
        registry_read_peer(&answers[PEER], &state->peer, state->url, error))
        return error->code;
    return query.asked_base ? registry_read_bool(&answers[BASE], &state->base_allowed, error) : 0;
}

void registry_encode_register(base_buf *out, const registry_statement *statement,
                              const uint8_t derived_key33[static 33],
                              const uint8_t app_signature73[static 73],
                              const uint8_t kms_signature118[static 118])
{
    char id[41];
    base_hex_encode(statement->instance20, 20, id);
    const eth_abi_arg args[] = {{.data = id, .len = 40},
                                {.data = derived_key33, .len = 33},
                                {.data = app_signature73, .len = 73},
                                {.data = kms_signature118, .len = 118},
                                {.data = statement->url, .len = strlen(statement->url)}};
    eth_abi_encode_call(out, CONTRACT_SEL_REGISTER_PEER, args, 5);
}
