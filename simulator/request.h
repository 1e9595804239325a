/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_REQUEST_H
#define SIMULATOR_REQUEST_H

#include "answer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { SIM_BODY_MAX = 64 * 1024 };

/**
 * A request's fields as a JSON object, owned by the caller, from a POST's body; an empty body is an empty
 * object. NULL with an error in `answer` for anything that is not one.
 */
json_t *sim_request_parse(const char *body, size_t len, sim_answer *answer);

/** A text as it stands in a request: any UTF-8, NUL included. */
typedef struct sim_text {
    const char *data;
    size_t len;
} sim_text;

/**
 * Field `name` as text of at most `max` bytes, borrowed from the fields; a missing one is empty. False
 * with an error in `answer` when it is something else.
 */
bool sim_request_text(const json_t *fields, const char *name, size_t max, sim_text *text, sim_answer *answer);

#endif
