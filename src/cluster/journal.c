/* SPDX-License-Identifier: MIT */
#include "cluster/journal.h"

#include "eth/keccak.h"

#include <string.h>

static const char magic[8] = "dp2p-j1";

/* ---- Writing: numbers with their first byte first ---- */

static void put(base_buf *out, eth_wei value, size_t bytes)
{
    uint8_t *to = base_buf_extend(out, bytes);
    for (size_t i = bytes; to && i > 0; value >>= 8)
        to[--i] = (uint8_t)value;
}

static void put_owner(base_buf *out, const cluster_journal_owner *owner)
{
    put(out, owner->chain_id, 8);
    base_buf_append(out, owner->contract20, 20);
    base_buf_append(out, owner->payer20, 20);
    base_buf_append(out, owner->instance20, 20);
}

static void put_spending(base_buf *out, const cluster_ledger *ledger, const cluster_journal_time *now)
{
    uint64_t age = now->monotonic_ms - ledger->since_ms;
    put(out, ledger->has_period, 1);
    put(out, now->wall_ms > age ? now->wall_ms - age : 0, 8);
    put(out, ledger->spent, 16);
}

static void put_transaction(base_buf *out, const cluster_ledger *ledger)
{
    put(out, ledger->live, 1);
    put(out, ledger->raise, 1);
    put(out, ledger->nonce, 8);
    put(out, ledger->fees.gas_limit, 8);
    put(out, ledger->fees.max_fee, 16);
    put(out, ledger->fees.max_priority_fee, 16);
    put(out, ledger->fees.most, 16);
    put(out, ledger->versions, 1);
    base_buf_append(out, ledger->hashes32, sizeof ledger->hashes32);
    put(out, ledger->open_anchor, 8);
}

static void put_latest(base_buf *out, const cluster_ledger *ledger)
{
    size_t url_len = strlen(ledger->url);
    put(out, ledger->anchor, 8);
    put(out, url_len, 2);
    base_buf_append(out, ledger->url, url_len);
    put(out, ledger->data_at, 2);
    put(out, ledger->data_len, 2);
    put(out, ledger->raw_len, 2);
    base_buf_append(out, ledger->raw, ledger->raw_len);
}

void cluster_journal_write(base_buf *out, const cluster_journal_owner *owner, const cluster_ledger *ledger,
                           const cluster_journal_time *now)
{
    uint8_t sum[32];
    size_t start = out->len;
    base_buf_append(out, magic, sizeof magic);
    put_owner(out, owner);
    put(out, ledger->generation, 8);
    put_spending(out, ledger, now);
    put_transaction(out, ledger);
    put_latest(out, ledger);
    if (base_buf_failed(out)) return;
    eth_keccak256(out->data + start, out->len - start, sum);
    base_buf_append(out, sum, sizeof sum);
}

/* ---- Reading: whatever is wrong makes `bad` ---- */

typedef struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
} reader;

static void take_bytes(reader *in, void *out, size_t len)
{
    if (len > in->left) in->bad = true;
    if (in->bad) return;
    if (len) memcpy(out, in->at, len);
    in->at += len;
    in->left -= len;
}

static eth_wei take(reader *in, size_t bytes)
{
    uint8_t digits[16] = {0};
    eth_wei value = 0;
    take_bytes(in, digits, bytes);
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | digits[i];
    return value;
}

static bool take_bool(reader *in)
{
    eth_wei value = take(in, 1);
    if (value > 1) in->bad = true;
    return value == 1;
}

static size_t take_size(reader *in, size_t bytes, size_t max)
{
    size_t value = (size_t)take(in, bytes);
    if (value > max) in->bad = true;
    return in->bad ? 0 : value;
}

static bool is_owner(reader *in, const cluster_journal_owner *owner)
{
    cluster_journal_owner found = {.chain_id = (uint64_t)take(in, 8)};
    take_bytes(in, found.contract20, 20);
    take_bytes(in, found.payer20, 20);
    take_bytes(in, found.instance20, 20);
    return !in->bad && found.chain_id == owner->chain_id &&
           !memcmp(found.contract20, owner->contract20, 20) && !memcmp(found.payer20, owner->payer20, 20) &&
           !memcmp(found.instance20, owner->instance20, 20);
}

static void take_spending(reader *in, cluster_ledger *ledger, const cluster_journal_time *now)
{
    ledger->has_period = take_bool(in);
    uint64_t since = (uint64_t)take(in, 8);
    uint64_t age = now->wall_ms > since ? now->wall_ms - since : 0;
    /* The monotonic clock may be younger than the period; differences of it are right all the same. */
    ledger->since_ms = now->monotonic_ms - age;
    ledger->spent = take(in, 16);
}

static void take_transaction(reader *in, cluster_ledger *ledger)
{
    ledger->live = take_bool(in);
    ledger->raise = take_bool(in);
    ledger->nonce = (uint64_t)take(in, 8);
    ledger->fees.gas_limit = (uint64_t)take(in, 8);
    ledger->fees.max_fee = take(in, 16);
    ledger->fees.max_priority_fee = take(in, 16);
    ledger->fees.most = take(in, 16);
    ledger->versions = take_size(in, 1, CLUSTER_VERSIONS_MAX);
    take_bytes(in, ledger->hashes32, sizeof ledger->hashes32);
    ledger->open_anchor = (uint64_t)take(in, 8);
    if (ledger->live && !ledger->versions) in->bad = true;
}

static void take_latest(reader *in, cluster_ledger *ledger)
{
    ledger->anchor = (uint64_t)take(in, 8);
    size_t url_len = take_size(in, 2, REGISTRY_URL_MAX);
    take_bytes(in, ledger->url, url_len);
    if (strlen(ledger->url) != url_len) in->bad = true;
    ledger->data_at = take_size(in, 2, CLUSTER_RAW_MAX);
    ledger->data_len = take_size(in, 2, CLUSTER_RAW_MAX);
    ledger->raw_len = take_size(in, 2, CLUSTER_RAW_MAX);
    take_bytes(in, ledger->raw, ledger->raw_len);
    if (ledger->data_at + ledger->data_len > ledger->raw_len) in->bad = true;
}

const char *cluster_journal_read(const void *data, size_t len, const cluster_journal_owner *owner,
                                 const cluster_journal_time *now, cluster_ledger *ledger)
{
    uint8_t sum[32];
    cluster_ledger found = {0};
    if (len < sizeof magic + sizeof sum || len > CLUSTER_JOURNAL_MAX) return "it is truncated or too long";
    if (memcmp(data, magic, sizeof magic) != 0) return "it is of another version, or no journal";
    size_t summed = len - sizeof sum;
    eth_keccak256(data, summed, sum);
    if (memcmp(sum, (const uint8_t *)data + summed, sizeof sum) != 0) return "its checksum is wrong";
    reader in = {.at = (const uint8_t *)data + sizeof magic, .left = summed - sizeof magic};
    if (!is_owner(&in, owner)) return "it is another node's";
    found.generation = (uint64_t)take(&in, 8);
    take_spending(&in, &found, now);
    take_transaction(&in, &found);
    take_latest(&in, &found);
    if (in.bad || in.left) return "it does not decode";
    *ledger = found;
    return NULL;
}
