/* SPDX-License-Identifier: MIT */
#include "base/hex.h"
#include "cli/commands.h"
#include "cli/owner/account.h"
#include "cli/owner/call.h"
#include "cli/owner/orders.h"
#include "cluster/block.h"
#include "eth/quantity.h"
#include "registry/contract_abi.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- prune: take those off the index whose lease has run out ---- */

/* Peers in one transaction, and slots that are looked at. */
enum { PER_ORDER = 100, SLOTS_MAX = 100000, ID_TEXT = 41, WORD = ETH_ABI_WORD };

/* An index entry, see contracts/src/libraries/Entry.sol: the id comes first, the end of the lease last. */
enum { EXPIRY_BITS = 38 };

typedef struct pruning {
    const cli_run *run;
    dstack_p2p *sdk;
    cluster_block block;
    char (*ids)[ID_TEXT];
    size_t count;
} pruning;

/* Measured, with a tenth to spare: a peer that is named may be live when gas is estimated, and has run out
 * when it is removed, which takes several times as much. */
enum { PRUNE_GAS = 35000, REMOVAL_GAS = 24500 };

/* ---- Those that have expired ---- */

static size_t ask_slot(void *context, size_t i, eth_batch *batch)
{
    const pruning *it = context;
    return eth_batch_add(batch, "eth_getStorageAt", "[\"%s\",\"0x%zx\",\"0x%" PRIx64 "\"]",
                         it->sdk->config.contract_text, CONTRACT_SLOT_ENTRIES + i, it->block.number);
}

static int take_slot(void *context, size_t i, const eth_request *answer, base_error *error)
{
    pruning *it = context;
    uint8_t entry[WORD];
    uint64_t tail = 0, expires_at;
    (void)i;
    if (eth_request_check(answer, error)) return error->code;
    if (!eth_data_fixed(answer->result, entry, sizeof entry))
        return base_fail(error, DSTACK_P2P_ERR_RPC_ANSWER,
                         "the node's answer to eth_getStorageAt is no word");
    for (int at = WORD - 8; at < WORD; at++)
        tail = tail << 8 | entry[at];
    expires_at = tail & ((UINT64_C(1) << EXPIRY_BITS) - 1);
    if (expires_at && expires_at <= it->block.time) base_hex_encode(entry, 20, it->ids[it->count++]);
    return 0;
}

/* The contract lists those that count only; the index itself is in its storage, from a known slot on. */
static int find_expired(pruning *it)
{
    owner_settings settings;
    int status = owner_look(it->run, it->sdk, &settings);
    if (status) return status;
    size_t slots = settings.peer_slots < SLOTS_MAX ? (size_t)settings.peer_slots : SLOTS_MAX;
    if (slots < settings.peer_slots)
        cli_note(it->run, "only the first %zu of %" PRIu64 " slots are looked at", slots,
                 settings.peer_slots);
    it->block = settings.block;
    it->ids = calloc(slots + 1, sizeof *it->ids);
    if (!it->ids) return cli_fail(it->run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    return owner_ask_each(it->run, it->sdk, slots, ask_slot, take_slot, it);
}

static int take_arguments(pruning *it)
{
    owner_argument argument;
    const cli_run *run = it->run;
    it->ids = calloc(run->argument_count + 1, sizeof *it->ids);
    if (!it->ids) return cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < run->argument_count; i++) {
        if (owner_read_argument(run, "an instance id", OWNER_INSTANCE, run->arguments[i], &argument))
            return CLI_USAGE;
        memcpy(it->ids[it->count++], run->arguments[i], ID_TEXT);
    }
    return owner_refuse_repeats(run);
}

/* ---- The transactions ---- */

static void append_word(base_buf *out, uint64_t value)
{
    uint8_t word[WORD] = {0};
    for (int i = WORD - 1; value; i--, value >>= 8)
        word[i] = (uint8_t)value;
    base_buf_append(out, word, WORD);
}

/* pruneExpired(string[]): where the array is; its length; where its strings are; each with its length. */
static void encode(base_buf *out, char (*ids)[ID_TEXT], size_t count)
{
    static const uint8_t padding[2 * WORD - 40];
    eth_abi_encode_call(out, CONTRACT_SEL_PRUNE_EXPIRED, NULL, 0);
    append_word(out, WORD);
    append_word(out, count);
    for (size_t i = 0; i < count; i++)
        append_word(out, count * WORD + i * 3 * WORD);
    for (size_t i = 0; i < count; i++) {
        append_word(out, ID_TEXT - 1);
        base_buf_append(out, ids[i], ID_TEXT - 1);
        base_buf_append(out, padding, sizeof padding);
    }
}

static void add_orders(const pruning *it, owner_orders *orders)
{
    for (size_t first = 0; first < it->count; first += PER_ORDER) {
        size_t count = it->count - first < PER_ORDER ? it->count - first : PER_ORDER;
        cluster_order *order =
            owner_orders_add(orders, it->sdk->config.contract20, "pruneExpired(%zu instances)", count);
        if (!order) return;
        if (it->run->argument_count) order->least_limit = PRUNE_GAS + count * REMOVAL_GAS;
        encode(owner_orders_data(orders), it->ids + first, count);
    }
}

static json_t *more_json(const pruning *it)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < it->count; i++)
        json_array_append_new(ids, json_string(it->ids[i]));
    return json_pack("{so}", "instances", ids);
}

static int prune(const pruning *it)
{
    char intent[OWNER_INTENT];
    owner_orders *orders = owner_orders_new(it->run);
    if (!orders) return DSTACK_P2P_ERR_NO_MEMORY;
    add_orders(it, orders);
    snprintf(intent, sizeof intent, "remove %zu peer%s whose lease has run out", it->count,
             it->count == 1 ? "" : "s");
    int status = owner_orders_send(it->run, it->sdk, intent, orders, it->run->json ? more_json(it) : NULL);
    owner_orders_free(orders);
    return status;
}

static int run_prune(cli_run *run)
{
    pruning it = {.run = run};
    int status = run->argument_count ? take_arguments(&it) : CLI_OK;
    if (!status) it.sdk = owner_open_contract(run, &status);
    if (!status && !run->argument_count) status = find_expired(&it);
    if (!status) status = prune(&it);
    cli_close(it.sdk);
    free(it.ids);
    return status;
}

const cli_command command_prune = {
    .name = "prune",
    .group = CLI_OWNER,
    .arguments = "[INSTANCE...]",
    .most = CLI_ARGUMENTS_MAX,
    .summary = "remove peers whose lease has run out",
    .description =
        "Removes peers whose lease has run out from the contract's index: all of them, or those that "
        "are named, of which the ones that have not expired are left alone. They are not listed "
        "anyway; what it saves is the reading of their slots by everybody else. Anyone may do it.",
    .takes = OWNER_TAKES,
    .examples = "dstack-p2p prune --dry-run\n  # how many there are, and what it would cost\n"
                "dstack-p2p prune 59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a\n",
    .run = run_prune};
