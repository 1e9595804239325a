/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_TEMPLATE_H
#define CLI_PEERS_TEMPLATE_H

#include "cli/peers/field.h"
#include "cli/peers/filter.h"

#include <stdio.h>

/*
 * Texts with fields of peers in them, as --format and --template take them:
 *
 *     {url} {url|json}              a field, as it is or through a filter
 *     {#peers} ... {/peers}         for each peer
 *     {#port} ... {/port}           if there is one: not empty, not 0, not false
 *     {^last} ... {/last}           if not
 *     {{ }}                         braces
 *
 * A line that holds nothing but a section's tag leaves no line. A format is what stands in the loop; \n, \t
 * and \\ in it mean what they do in C.
 */

enum { PEERS_TEMPLATE_MAX = 1024 * 1024, PEERS_PROBLEM_TEXT = 400 };

typedef enum peers_node_kind {
    PEERS_NODE_TEXT,
    PEERS_NODE_FIELD,
    PEERS_NODE_IF,
    PEERS_NODE_LOOP
} peers_node_kind;

typedef struct peers_node {
    peers_node_kind kind;
    peers_field field;
    peers_filter filter;
    bool unless;      /**< a section: shown when the field is not true */
    const char *text; /**< within the template's */
    size_t len;
    size_t next; /**< a section: the node behind it */
} peers_node;

typedef struct peers_template {
    char *text;
    peers_node *nodes;
    size_t count, capacity;
    bool is_format;
    uint32_t plain;    /**< bits of the fields that are shown without a filter */
    uint32_t required; /**< of them: also where it was not asked whether they are empty */
} peers_template;

/**
 * Reads a template, or a format. NULL when something is wrong: `problem` names it, and the line of a
 * template. To be freed with peers_template_free().
 */
peers_template *peers_template_read(const char *text, size_t len, bool is_format,
                                    char problem[static PEERS_PROBLEM_TEXT]);
void peers_template_free(peers_template *it);

/**
 * The field because of which a peer has no place in what a template makes: a stranger wrote it, it is shown
 * without a filter, and it is not harmless in configuration files, or missing. PEERS_FIELDS_COUNT = none.
 */
peers_field peers_template_refuses(const peers_template *it, const dstack_p2p_peer *peer);

/** Appends what a template makes of the peers, refused ones included: leave them out before. */
void peers_template_render(const peers_template *it, const peers_selection *selection, base_buf *out);

/** Appends what a format makes of each peer, a line each, and lets it go to `drain` on the way unless that is
 * NULL. */
void peers_format_render(const peers_template *it, const peers_selection *selection, base_buf *out,
                         FILE *drain);

#endif
