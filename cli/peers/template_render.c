/* SPDX-License-Identifier: MIT */
#include "cli/peers/drain.h"
#include "cli/peers/template.h"

static bool has(uint32_t bits, peers_field field)
{
    return bits & ((uint32_t)1 << field);
}

peers_field peers_template_refuses(const peers_template *it, const dstack_p2p_peer *peer)
{
    /* All others are digits and hex digits. */
    static const peers_field strange[] = {PEERS_FIELD_URL, PEERS_FIELD_HOST, PEERS_FIELD_PORT,
                                          PEERS_FIELD_HOST_PORT};
    char scratch[PEERS_SCRATCH];
    peers_selection alone = {.peers = &peer, .count = 1};
    peers_item item = peers_item_at(&alone, 0);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        const char *text = peers_field_text(&item, strange[i], scratch);
        if (has(it->plain, strange[i]) && !peers_is_harmless(text)) return strange[i];
        if (has(it->required, strange[i]) && !*text) return strange[i];
    }
    return PEERS_FIELDS_COUNT;
}

static void write_field(const peers_node *node, const peers_item *item, base_buf *out)
{
    char scratch[PEERS_SCRATCH];
    const char *text = peers_field_text(item, node->field, scratch);
    bool is_bare = node->filter == PEERS_JSON && peers_field_kind(node->field) != PEERS_TEXT;
    if (is_bare && !*text) text = "null";
    peers_filter_write(out, is_bare ? PEERS_RAW : node->filter, text);
}

static void render(const peers_template *it, size_t from, size_t to, const peers_item *item, base_buf *out);

static void loop(const peers_template *it, size_t from, size_t to, const peers_selection *selection,
                 base_buf *out)
{
    for (size_t i = 0; i < selection->count && !base_buf_failed(out); i++) {
        peers_item item = peers_item_at(selection, i);
        render(it, from, to, &item, out);
    }
}

/* The depth is that of the sections, which the parser bounds. */
static void render(const peers_template *it, size_t from, size_t to, const peers_item *item, base_buf *out)
{
    for (size_t i = from; i < to;) {
        const peers_node *node = &it->nodes[i++];
        bool is_section = node->kind == PEERS_NODE_IF || node->kind == PEERS_NODE_LOOP;
        if (node->kind == PEERS_NODE_TEXT)
            base_buf_append(out, node->text, node->len);
        else if (node->kind == PEERS_NODE_FIELD)
            write_field(node, item, out);
        else if (node->kind == PEERS_NODE_LOOP)
            loop(it, i, node->next, item->selection, out);
        else if (peers_field_is_true(item, node->field) != node->unless)
            render(it, i, node->next, item, out);
        if (is_section) i = node->next;
    }
}

void peers_template_render(const peers_template *it, const peers_selection *selection, base_buf *out)
{
    peers_item none = {.selection = selection};
    render(it, 0, it->count, &none, out);
}

void peers_format_render(const peers_template *it, const peers_selection *selection, base_buf *out,
                         FILE *drain)
{
    for (size_t i = 0; i < selection->count && !base_buf_failed(out); i++) {
        peers_item item = peers_item_at(selection, i);
        render(it, 0, it->count, &item, out);
        base_buf_puts(out, "\n");
        peers_drain(out, drain);
    }
}
