/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_EXCHANGE_H
#define SIMULATOR_EXCHANGE_H

#include "http.h"

#include <microhttpd.h>

/** One request and its answer, from the request's head to the answer's last byte. */
typedef struct sim_exchange sim_exchange;

/** NULL when out of memory. */
sim_exchange *sim_exchange_new(void);

/** A part of the request's body. What is too much is dropped, so that the client gets to read why. */
void sim_exchange_take(sim_exchange *exchange, const char *data, size_t len);

/** The request is complete: finds the method and the instance, and queues the answer. */
enum MHD_Result sim_exchange_answer(sim_exchange *exchange, const sim_http *http,
                                    const sim_instance *instance, struct MHD_Connection *connection,
                                    const char *method, const char *url);

/** Not before the answer has left. NULL is allowed. */
void sim_exchange_free(sim_exchange *exchange);

#endif
