/* SPDX-License-Identifier: MIT */
#include "cli/peers/document.h"

#include "cli/peers/address.h"
#include "cli/peers/drain.h"
#include "cli/peers/filter.h"
#include "cluster/list.h"

#include <inttypes.h>

/* Without printf, which would be half of the work. */
static void write_number(base_buf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    base_buf_append(out, digits + at, sizeof digits - at);
}

/* A text, or null for one that is empty. */
static void write_text(base_buf *out, const char *name, const char *text)
{
    base_buf_puts(out, name);
    if (*text)
        peers_filter_write(out, PEERS_JSON, text);
    else
        base_buf_puts(out, "null");
}

static void write_time(base_buf *out, const char *name, uint64_t value)
{
    base_buf_puts(out, name);
    write_number(out, value);
}

void peers_document_peer(base_buf *out, const dstack_p2p_peer *peer)
{
    peers_address address;
    if (!peer) {
        base_buf_puts(out, "null");
        return;
    }
    peers_address_read(peer->connection_url, &address);
    base_buf_puts(out, "{\"instance_id\": \"");
    base_buf_puts(out, peer->instance_id);
    write_text(out, "\", \"url\": ", peer->connection_url);
    write_text(out, ", \"host\": ", address.host);
    base_buf_puts(out, ", \"port\": ");
    base_buf_puts(out, *address.port ? address.port : "null");
    base_buf_puts(out, ", \"address\": \"");
    base_buf_puts(out, peer->instance_address);
    write_time(out, "\", \"registered_at\": ", peer->registered_at);
    write_time(out, ", \"expires_at\": ", peer->expires_at);
    base_buf_puts(out, peer->is_self ? ", \"is_self\": true}" : ", \"is_self\": false}");
}

void peers_document_members(base_buf *out, const peers_selection *selection, bool in_lines, FILE *drain)
{
    const dstack_p2p_peers *list = selection->list;
    const char *gap = in_lines ? "\n  " : " ";
    base_buf_printf(
        out,
        "\"version\": %" PRIu64 ",%s\"block\": %" PRIu64 ",%s\"block_time\": %" PRIu64
        ",%s\"checked\": %s,%s\"left_out\": %" PRIu32 ",%s\"self_known\": %s,%s\"count\": %zu,%s\"peers\": [",
        list->version, gap, list->block_number, gap, list->block_time, gap, list->checked ? "true" : "false",
        gap, list->left_out, gap, list->knows_self ? "true" : "false", gap, selection->count, gap);
    for (size_t i = 0; i < selection->count && !base_buf_failed(out); i++) {
        base_buf_puts(out, in_lines ? i ? ",\n    " : "\n    " : i ? ", " : "");
        peers_document_peer(out, selection->peers[i]);
        peers_drain(out, drain);
    }
    base_buf_puts(out, in_lines && selection->count ? "\n  ]" : "]");
}

void peers_document_write(base_buf *out, const peers_selection *selection, bool in_lines, FILE *drain)
{
    base_buf_puts(out, in_lines ? "{\n  " : "{");
    peers_document_members(out, selection, in_lines, drain);
    base_buf_puts(out, in_lines ? "\n}\n" : "}\n");
}
