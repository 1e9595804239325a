/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_METHODS_H
#define SIMULATOR_METHODS_H

#include "answer.h"
#include "appkeys.h"
#include "instances.h"
#include "request.h"

/** What every method gets to see. */
typedef struct sim_call {
    const sim_appkeys *keys;
    const sim_app *app;
    const sim_instance *instance;
    const json_t *fields;
} sim_call;

/** Fills in the answer: JSON with status 200, or an error. */
typedef void (*sim_method)(const sim_call *call, sim_answer *answer);

/** The method of a name as it stands in the URL, "GetKey"; NULL when there is none. */
sim_method sim_method_find(const char *name);

/* One file each. */
void sim_info(const sim_call *call, sim_answer *answer);
void sim_get_key(const sim_call *call, sim_answer *answer);
void sim_version(const sim_call *call, sim_answer *answer);

#endif
