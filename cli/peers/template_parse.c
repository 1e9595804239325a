/* SPDX-License-Identifier: MIT */
#include "cli/peers/template_parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool template_refuse(template_parser *parser, unsigned line, const char *format, ...)
{
    va_list arguments;
    int at = parser->it->is_format ? 0 : snprintf(parser->problem, PEERS_PROBLEM_TEXT, "line %u: ", line);
    va_start(arguments, format);
    vsnprintf(parser->problem + at, PEERS_PROBLEM_TEXT - (size_t)at, format, arguments);
    va_end(arguments);
    return false;
}

peers_node *template_add(template_parser *parser, peers_node_kind kind)
{
    peers_template *it = parser->it;
    if (it->count == it->capacity) {
        size_t capacity = it->capacity ? 2 * it->capacity : 16;
        peers_node *nodes = realloc(it->nodes, capacity * sizeof *nodes);
        if (!nodes) {
            template_refuse(parser, parser->line, "out of memory");
            return NULL;
        }
        it->nodes = nodes;
        it->capacity = capacity;
    }
    it->nodes[it->count] = (peers_node){.kind = kind};
    return &it->nodes[it->count++];
}

/* ---- Text ---- */

static bool add_text(template_parser *parser, const char *text, size_t len)
{
    peers_node *node = len ? template_add(parser, PEERS_NODE_TEXT) : NULL;
    if (!len) return true;
    if (!node) return false;
    node->text = text;
    node->len = len;
    return true;
}

/* Up to the next brace, and that too if it is a double one. */
static bool take_text(template_parser *parser)
{
    const char *begin = parser->at;
    size_t len = strcspn(begin, "{}");
    bool is_double = begin[len] && begin[len + 1] == begin[len];
    for (size_t i = 0; i < len; i++) {
        if (begin[i] != '\n') continue;
        parser->line++;
        parser->line_start = begin + i + 1;
    }
    parser->at = begin + len + (is_double ? 2 : 0);
    return add_text(parser, begin, len + is_double);
}

/* ---- All of it ---- */

static bool parse(template_parser *parser)
{
    while (*parser->at) {
        if (!take_text(parser)) return false;
        bool is_brace = *parser->at == '{' || *parser->at == '}';
        bool is_double = is_brace && parser->at[1] == *parser->at;
        if (is_brace && !is_double && !template_take_tag(parser)) return false;
    }
    if (!parser->depth) return true;
    const template_section *open = &parser->open[parser->depth - 1];
    return template_refuse(parser, open->line, "the section {%s} is not ended",
                           open->field == TEMPLATE_LOOP ? "#peers" : peers_field_name(open->field));
}

/* \n, \t and \\, in place. */
static bool unescape(template_parser *parser, char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (*text != '\\') {
            *out++ = *text;
            continue;
        }
        text++;
        if (!*text || !strchr("nt\\", *text))
            return template_refuse(parser, 1, "a \\ is followed by n, t or another \\");
        *out++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
    }
    *out = '\0';
    return true;
}

peers_template *peers_template_read(const char *text, size_t len, bool is_format,
                                    char problem[static PEERS_PROBLEM_TEXT])
{
    snprintf(problem, PEERS_PROBLEM_TEXT, "out of memory");
    peers_template *it = calloc(1, sizeof *it);
    if (!it || !(it->text = malloc(len + 1))) {
        free(it);
        return NULL;
    }
    memcpy(it->text, text, len);
    it->text[len] = '\0';
    it->is_format = is_format;
    template_parser parser = {.it = it,
                              .at = it->text,
                              .line_start = it->text,
                              .line = 1,
                              .in_loop = is_format,
                              .problem = problem};
    bool fits = len <= PEERS_TEMPLATE_MAX && !memchr(text, '\0', len);
    if (!fits) template_refuse(&parser, 1, "no text, or more than %d bytes", PEERS_TEMPLATE_MAX);
    if (fits && (!is_format || unescape(&parser, it->text)) && parse(&parser)) return it;
    peers_template_free(it);
    return NULL;
}

void peers_template_free(peers_template *it)
{
    if (!it) return;
    free(it->nodes);
    free(it->text);
    free(it);
}
