/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_QUERY_H
#define SIMULATOR_QUERY_H

#include "answer.h"

#include <microhttpd.h>

/**
 * The fields of a GET's query, percent-decoded, as a JSON object of strings owned by the caller. NULL with
 * an error in `answer` when a field comes twice or is not UTF-8.
 */
json_t *sim_query_parse(struct MHD_Connection *connection, sim_answer *answer);

#endif
