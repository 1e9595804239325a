/* SPDX-License-Identifier: MIT */
#ifndef CLI_NODE_ANSWERS_H
#define CLI_NODE_ANSWERS_H

#include "cli/node/sidecar.h"

/** What the server says to one who asks. */
typedef struct node_answer {
    unsigned status;  /**< of HTTP */
    const char *type; /**< static */
    char *text;       /**< owned by who has it; NULL when memory is exhausted */
} node_answer;

/** Takes over the body, which is NULL when there was no memory for it. */
node_answer node_answer_json(unsigned status, json_t *body);

/** /health and /metrics, and why it is neither; `reads`: it is GET or HEAD. */
node_answer node_answer_to(node_sidecar *sidecar, bool reads, const char *path);

#endif
