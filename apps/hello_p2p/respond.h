/* SPDX-License-Identifier: MIT */
#ifndef HELLO_RESPOND_H
#define HELLO_RESPOND_H

#include "page_files.h"

#include <jansson.h>
#include <microhttpd.h>

/*
 * Answers to a request. What all have in common: their type is what we say, and nobody keeps them unless the
 * answer says so.
 */

/** An answer in JSON, to be queued any number of times and destroyed. Takes over the body, which is NULL when
 *  there was no memory for it; NULL likewise. */
struct MHD_Response *respond_make(json_t *body);

/** Queues it, and destroys it. NULL, and MHD_NO, when there was no memory. */
enum MHD_Result respond_json(struct MHD_Connection *connection, unsigned status, json_t *body);

/** 503 with Retry-After. */
enum MHD_Result respond_busy(struct MHD_Connection *connection, unsigned retry_s, const char *sentence);

/** Queues a response of another type, and destroys it. NULL is allowed. */
enum MHD_Result respond_with(struct MHD_Connection *connection, unsigned status, const char *type,
                             struct MHD_Response *response);

/** A text, which is taken over; NULL when there was no memory. */
enum MHD_Result respond_text(struct MHD_Connection *connection, const char *type, char *text);

/** The file of the page that is served under a path; NULL: there is none. */
const page_file *respond_find_file(const char *path);

/** Sends it, or says that the client's own copy is the same. */
enum MHD_Result respond_file(struct MHD_Connection *connection, const page_file *file);

#endif
