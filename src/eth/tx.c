/* SPDX-License-Identifier: MIT */
#include "eth/tx.h"

#include "eth/keccak.h"
#include "eth/key.h"
#include "eth/rlp.h"

enum { TX_MAX = 128 * 1024 }; /* what nodes accept */

static void append_fields(base_buf *items, const eth_tx *tx)
{
    static const base_buf empty_list;
    eth_rlp_uint(items, tx->chain_id);
    eth_rlp_uint(items, tx->nonce);
    eth_rlp_uint(items, tx->max_priority_fee);
    eth_rlp_uint(items, tx->max_fee);
    eth_rlp_uint(items, tx->gas_limit);
    eth_rlp_bytes(items, tx->to, tx->creates ? 0 : sizeof tx->to);
    eth_rlp_uint(items, tx->value);
    eth_rlp_bytes(items, tx->data, tx->data_len);
    eth_rlp_list(items, &empty_list);
}

static bool append_envelope(base_buf *out, const base_buf *items)
{
    base_buf_append(out, "\x02", 1);
    eth_rlp_list(out, items);
    return !base_buf_failed(items) && !base_buf_failed(out);
}

bool eth_tx_signing_hash(const eth_tx *tx, uint8_t hash32[static 32])
{
    base_buf items = base_buf_make(TX_MAX), payload = base_buf_make(TX_MAX);
    append_fields(&items, tx);
    bool ok = append_envelope(&payload, &items);
    if (ok) eth_keccak256(payload.data, payload.len, hash32);
    base_buf_free(&items);
    base_buf_free(&payload);
    return ok;
}

bool eth_tx_sign(const eth_tx *tx, const uint8_t private_key32[static 32], base_buf *raw,
                 uint8_t hash32[static 32])
{
    uint8_t hash[32], signature[65];
    if (!eth_tx_signing_hash(tx, hash) || !eth_key_sign(private_key32, hash, signature)) return false;
    base_buf items = base_buf_make(TX_MAX);
    size_t start = raw->len;
    append_fields(&items, tx);
    eth_rlp_uint(&items, signature[64]);
    eth_rlp_uint256(&items, signature);
    eth_rlp_uint256(&items, signature + 32);
    bool ok = append_envelope(raw, &items);
    if (ok) eth_keccak256(raw->data + start, raw->len - start, hash32);
    base_buf_free(&items);
    return ok;
}
