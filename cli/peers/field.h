/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_FIELD_H
#define CLI_PEERS_FIELD_H

#include "cli/peers/address.h"
#include "cli/peers/selection.h"

/*
 * What formats and templates can show: of a peer, and of the list. FIELD(NAME, "name", kind, scope)
 */
#define PEERS_FIELDS(FIELD)                                                                                  \
    FIELD(INSTANCE_ID, "instance_id", TEXT, PEER)                                                            \
    FIELD(URL, "url", TEXT, PEER)                                                                            \
    FIELD(HOST, "host", TEXT, PEER)                                                                          \
    FIELD(PORT, "port", NUMBER, PEER)                                                                        \
    FIELD(HOST_PORT, "host_port", TEXT, PEER)                                                                \
    FIELD(ADDRESS, "address", TEXT, PEER)                                                                    \
    FIELD(REGISTERED_AT, "registered_at", NUMBER, PEER)                                                      \
    FIELD(EXPIRES_AT, "expires_at", NUMBER, PEER)                                                            \
    FIELD(IS_SELF, "is_self", BOOLEAN, PEER)                                                                 \
    FIELD(INDEX, "index", NUMBER, PEER)                                                                      \
    FIELD(FIRST, "first", BOOLEAN, PEER)                                                                     \
    FIELD(LAST, "last", BOOLEAN, PEER)                                                                       \
    FIELD(COUNT, "count", NUMBER, LIST)                                                                      \
    FIELD(VERSION, "version", NUMBER, LIST)                                                                  \
    FIELD(BLOCK, "block", NUMBER, LIST)                                                                      \
    FIELD(BLOCK_TIME, "block_time", NUMBER, LIST)

typedef enum peers_field {
#define PEERS_X(name, text, kind, scope) PEERS_FIELD_##name,
    PEERS_FIELDS(PEERS_X)
#undef PEERS_X
        PEERS_FIELDS_COUNT
} peers_field;

typedef enum peers_kind { PEERS_TEXT, PEERS_NUMBER, PEERS_BOOLEAN } peers_kind;
typedef enum peers_scope { PEERS_OF_PEER, PEERS_OF_LIST } peers_scope;

/** All names, for sentences about a wrong one. */
extern const char *const peers_field_names;

/** PEERS_FIELDS_COUNT when there is none of that name. */
peers_field peers_field_find(const char *name, size_t len);

const char *peers_field_name(peers_field field);
peers_kind peers_field_kind(peers_field field);
peers_scope peers_field_scope(peers_field field);

/** A peer among those that are shown; `index` counts from 0. */
typedef struct peers_item {
    const peers_selection *selection;
    size_t index;
    const dstack_p2p_peer *peer; /**< NULL = none: fields of the list only */
    peers_address address;
} peers_item;

peers_item peers_item_at(const peers_selection *selection, size_t index);

enum { PEERS_SCRATCH = PEERS_HOST_TEXT + PEERS_PORT_TEXT + 8 };

/** The text of a field, in `scratch` or borrowed from the list; "" when a URL does not have that. */
const char *peers_field_text(const peers_item *item, peers_field field, char scratch[static PEERS_SCRATCH]);

/** Whether a section of it is shown: not empty, not 0, not false. */
bool peers_field_is_true(const peers_item *item, peers_field field);

#endif
