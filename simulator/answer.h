/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_ANSWER_H
#define SIMULATOR_ANSWER_H

#include "base/buf.h"

#include <jansson.h>

enum { SIM_ANSWER_MAX = 64 * 1024 };

/** What goes back to the client: a status and a JSON object, ASCII only. */
typedef struct sim_answer {
    unsigned status;
    base_buf body; /**< wiped when freed: it may hold a key */
} sim_answer;

/** Status 200, no body yet. */
sim_answer sim_answer_make(void);

/** The body becomes `object`, a stolen reference; NULL is taken as out of memory. */
void sim_answer_json(sim_answer *answer, json_t *object);

/** The body becomes {"error": sentence}, whatever it was before. */
void sim_answer_error(sim_answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void sim_answer_free(sim_answer *answer);

#endif
