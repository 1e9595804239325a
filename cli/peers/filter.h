/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_FILTER_H
#define CLI_PEERS_FILTER_H

#include "base/buf.h"

/** How a value is written: {field}, {field|raw}, {field|json}, {field|shell}. */
typedef enum peers_filter {
    PEERS_PLAIN, /**< as it is, if it is harmless in configuration files */
    PEERS_RAW,   /**< as it is */
    PEERS_JSON,  /**< a JSON string, quotation marks included; numbers and true and false as they are */
    PEERS_SHELL, /**< one word of a shell command, in single quotes */
    PEERS_FILTERS
} peers_filter;

/** PEERS_FILTERS when there is none of that name. */
peers_filter peers_filter_find(const char *name, size_t len);

/** Appends a text so; failures are the buffer's. */
void peers_filter_write(base_buf *out, peers_filter filter, const char *text);

/**
 * Whether a text can stand in configuration files as it is: letters, digits and -._~:/?@=%+[], and a letter,
 * a digit or '[' first. Whatever ends a word, a string, a statement or a line somewhere, starts a comment, or
 * is taken for an option or a variable, is not among them.
 */
bool peers_is_harmless(const char *text);

#endif
