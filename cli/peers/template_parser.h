/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_TEMPLATE_PARSER_H
#define CLI_PEERS_TEMPLATE_PARSER_H

#include "cli/peers/template.h"

/* What reading a template is made of: texts between tags in template_parse.c, tags in template_tags.c. */

enum { DEPTH_MAX = 16 };

/** Stands for {#peers} where fields do. */
#define TEMPLATE_LOOP PEERS_FIELDS_COUNT

/** A section that is not ended yet. */
typedef struct template_section {
    size_t node;
    peers_field field;
    unsigned line;
} template_section;

typedef struct template_parser {
    peers_template *it;
    const char *at, *line_start;
    unsigned line;
    template_section open[DEPTH_MAX];
    size_t depth;
    bool in_loop;
    char *problem;
} template_parser;

/** Says what is wrong, and in a template in which line. False. */
bool template_refuse(template_parser *parser, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** One more node; NULL, having said so, when memory is exhausted. */
peers_node *template_add(template_parser *parser, peers_node_kind kind);

/** Takes the tag at which the parser is. False, having said why, when it is none. */
bool template_take_tag(template_parser *parser);

#endif
