/* SPDX-License-Identifier: MIT */
#include "cli/peers/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    peers_kind kind;
    peers_scope scope;
} fields[] = {
#define ROW(name, text, kind, scope) {text, PEERS_##kind, PEERS_OF_##scope},
    PEERS_FIELDS(ROW)
#undef ROW
};

const char *const peers_field_names = "instance_id, url, host, port, host_port, address, registered_at, "
                                      "expires_at, is_self, index, first, last, "
                                      "count, version, block, block_time";

peers_field peers_field_find(const char *name, size_t len)
{
    size_t i = 0;
    while (i < PEERS_FIELDS_COUNT && (strlen(fields[i].name) != len || memcmp(fields[i].name, name, len)))
        i++;
    return (peers_field)i;
}

const char *peers_field_name(peers_field field)
{
    return fields[field].name;
}

peers_kind peers_field_kind(peers_field field)
{
    return fields[field].kind;
}

peers_scope peers_field_scope(peers_field field)
{
    return fields[field].scope;
}

peers_item peers_item_at(const peers_selection *selection, size_t index)
{
    peers_item item = {.selection = selection, .index = index};
    if (index >= selection->count) return item;
    item.peer = selection->peers[index];
    peers_address_read(item.peer->connection_url, &item.address);
    return item;
}

static const char *number(uint64_t value, char scratch[static PEERS_SCRATCH])
{
    snprintf(scratch, PEERS_SCRATCH, "%" PRIu64, value);
    return scratch;
}

static const char *boolean(bool value)
{
    return value ? "true" : "false";
}

/* As it stands in URLs and configuration files; "" unless there are both. */
static const char *host_port(const peers_address *address, char scratch[static PEERS_SCRATCH])
{
    bool is_v6 = strchr(address->host, ':');
    if (!*address->host || !*address->port) return "";
    snprintf(scratch, PEERS_SCRATCH, is_v6 ? "[%s]:%s" : "%s:%s", address->host, address->port);
    return scratch;
}

static const char *text_of_list(const peers_selection *selection, peers_field field,
                                char scratch[static PEERS_SCRATCH])
{
    switch (field) {
    case PEERS_FIELD_COUNT:
        return number(selection->count, scratch);
    case PEERS_FIELD_VERSION:
        return number(dstack_p2p_peers_version(selection->list), scratch);
    case PEERS_FIELD_BLOCK:
        return number(dstack_p2p_peers_block_number(selection->list), scratch);
    case PEERS_FIELD_BLOCK_TIME:
        return number(dstack_p2p_peers_block_time(selection->list), scratch);
    default:
        return "";
    }
}

const char *peers_field_text(const peers_item *item, peers_field field, char scratch[static PEERS_SCRATCH])
{
    const dstack_p2p_peer *peer = item->peer;
    if (!peer || fields[field].scope == PEERS_OF_LIST) return text_of_list(item->selection, field, scratch);
    switch (field) {
    case PEERS_FIELD_INSTANCE_ID:
        return peer->instance_id;
    case PEERS_FIELD_URL:
        return peer->connection_url;
    case PEERS_FIELD_HOST:
        return item->address.host;
    case PEERS_FIELD_PORT:
        return item->address.port;
    case PEERS_FIELD_HOST_PORT:
        return host_port(&item->address, scratch);
    case PEERS_FIELD_ADDRESS:
        return peer->instance_address;
    case PEERS_FIELD_REGISTERED_AT:
        return number(peer->registered_at, scratch);
    case PEERS_FIELD_EXPIRES_AT:
        return number(peer->expires_at, scratch);
    case PEERS_FIELD_IS_SELF:
        return boolean(peer->is_self);
    case PEERS_FIELD_INDEX:
        return number(item->index, scratch);
    case PEERS_FIELD_FIRST:
        return boolean(item->index == 0);
    case PEERS_FIELD_LAST:
        return boolean(item->index + 1 == item->selection->count);
    default:
        return "";
    }
}

bool peers_field_is_true(const peers_item *item, peers_field field)
{
    char scratch[PEERS_SCRATCH];
    const char *text = peers_field_text(item, field, scratch);
    peers_kind kind = fields[field].kind;
    if (kind == PEERS_BOOLEAN) return !strcmp(text, "true");
    return *text && !(kind == PEERS_NUMBER && !strcmp(text, "0"));
}
