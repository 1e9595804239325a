/* SPDX-License-Identifier: MIT */
#include "cli/peers/template_parser.h"

#include <string.h>

enum { SHOWN = 24 };

/* A tag between its braces. */
typedef struct template_tag {
    char mark; /* '#', '^', '/', or 0 */
    const char *name, *filter;
    size_t name_len, filter_len;
    const char *begin, *end;
} template_tag;

static bool is_blank(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    return from == to;
}

/* A section's tag with a line of its own takes the line with it. */
static void take_line(template_parser *parser, const template_tag *tag)
{
    const char *rest = tag->end + strspn(tag->end, " \t\r");
    if (parser->it->is_format || !is_blank(parser->line_start, tag->begin) || (*rest && *rest != '\n'))
        return;
    size_t indent = (size_t)(tag->begin - parser->line_start);
    peers_template *it = parser->it;
    if (indent && it->count && it->nodes[it->count - 1].kind == PEERS_NODE_TEXT)
        it->nodes[it->count - 1].len -= indent;
    parser->at = rest;
    if (!*rest) return;
    parser->line++;
    parser->line_start = ++parser->at;
}

static bool read_tag(template_parser *parser, template_tag *tag)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    const char *text = parser->at + 1;
    *tag = (struct template_tag){.begin = parser->at, .mark = *text && strchr("#^/", *text) ? *text : '\0'};
    tag->name = text + (tag->mark ? 1 : 0);
    tag->name_len = strspn(tag->name, letters);
    const char *end = tag->name + tag->name_len;
    if (*end == '|' && !tag->mark) {
        tag->filter = end + 1;
        tag->filter_len = strspn(tag->filter, letters);
        end = tag->filter + tag->filter_len;
    }
    tag->end = end + 1;
    if (tag->name_len && *end == '}') return true;
    return template_refuse(parser, parser->line, "'%.*s' is no field; for a brace write {{ or }}",
                           (int)strnlen(parser->at, SHOWN), parser->at);
}

/* The field that a tag names; TEMPLATE_LOOP for "peers". */
static bool find_field(template_parser *parser, const template_tag *tag, peers_field *field)
{
    bool is_loop = tag->name_len == 5 && !memcmp(tag->name, "peers", 5);
    *field = is_loop ? TEMPLATE_LOOP : peers_field_find(tag->name, tag->name_len);
    if (*field == TEMPLATE_LOOP && !is_loop)
        return template_refuse(parser, parser->line, "there is no field {%.*s}; there are: %s",
                               (int)(tag->name_len < SHOWN ? tag->name_len : SHOWN), tag->name,
                               peers_field_names);
    if (is_loop && (parser->it->is_format || !tag->mark || (tag->mark == '#' && parser->in_loop)))
        return template_refuse(parser, parser->line,
                               "{peers} is the loop {#peers}...{/peers} of templates, and there is "
                               "none within another");
    if (!is_loop && !parser->in_loop && peers_field_scope(*field) == PEERS_OF_PEER)
        return template_refuse(parser, parser->line, "{%s} stands outside of {#peers}...{/peers}",
                               peers_field_name(*field));
    return true;
}

static bool is_asked_for(const template_parser *parser, peers_field field)
{
    for (size_t i = 0; i < parser->depth; i++)
        if (parser->open[i].field == field && !parser->it->nodes[parser->open[i].node].unless) return true;
    return false;
}

static bool add_field(template_parser *parser, const template_tag *tag, peers_field field)
{
    peers_filter filter = tag->filter ? peers_filter_find(tag->filter, tag->filter_len) : PEERS_PLAIN;
    if (filter == PEERS_FILTERS)
        return template_refuse(parser, parser->line, "there is no filter |%.*s; there are: raw, json, shell",
                               (int)(tag->filter_len < SHOWN ? tag->filter_len : SHOWN), tag->filter);
    peers_node *node = template_add(parser, PEERS_NODE_FIELD);
    if (!node) return false;
    node->field = field;
    node->filter = filter;
    if (filter != PEERS_PLAIN) return true;
    parser->it->plain |= (uint32_t)1 << field;
    if (!is_asked_for(parser, field)) parser->it->required |= (uint32_t)1 << field;
    return true;
}

static bool open_section(template_parser *parser, const template_tag *tag, peers_field field)
{
    bool loops = field == TEMPLATE_LOOP && tag->mark == '#';
    unsigned line = parser->line;
    if (parser->depth == DEPTH_MAX)
        return template_refuse(parser, parser->line, "more than %d sections within each other", DEPTH_MAX);
    take_line(parser, tag);
    peers_node *node = template_add(parser, loops ? PEERS_NODE_LOOP : PEERS_NODE_IF);
    if (!node) return false;
    node->field = field == TEMPLATE_LOOP ? PEERS_FIELD_COUNT : field;
    node->unless = tag->mark == '^';
    parser->in_loop |= loops;
    parser->open[parser->depth++] = (template_section){parser->it->count - 1, field, line};
    return true;
}

static bool close_section(template_parser *parser, const template_tag *tag, peers_field field)
{
    unsigned line = parser->line;
    take_line(parser, tag);
    if (!parser->depth || parser->open[parser->depth - 1].field != field)
        return template_refuse(parser, line, "{/%.*s} ends no section that is open here", (int)tag->name_len,
                               tag->name);
    peers_node *node = &parser->it->nodes[parser->open[--parser->depth].node];
    node->next = parser->it->count;
    if (node->kind == PEERS_NODE_LOOP) parser->in_loop = false;
    return true;
}

bool template_take_tag(template_parser *parser)
{
    template_tag tag;
    peers_field field;
    if (*parser->at == '}') return template_refuse(parser, parser->line, "a '}' alone; for a brace write }}");
    if (!read_tag(parser, &tag)) return false;
    if (!find_field(parser, &tag, &field)) return false;
    parser->at = tag.end;
    if (!tag.mark) return add_field(parser, &tag, field);
    return tag.mark == '/' ? close_section(parser, &tag, field) : open_section(parser, &tag, field);
}
