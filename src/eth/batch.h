/* SPDX-License-Identifier: MIT */
#ifndef ETH_BATCH_H
#define ETH_BATCH_H

#include "base/buf.h"
#include "base/error.h"

#include <jansson.h>

/*
 * JSON-RPC 2.0 requests and answers, free of I/O: a batch is filled, written, and answered.
 */

enum { ETH_BATCH_MAX = 64 };

/** One request and its answer. */
typedef struct eth_request {
    const char *method; /**< a literal */
    base_buf params;    /**< JSON array */
    uint64_t id;
    json_t *result;     /**< owned; NULL unless answered with a result */
    base_buf long_data; /**< the result's bytes, if it was long hex data: see eth_request_data() */
    int64_t error_code; /**< when has_error */
    bool has_error;
    char error_message[256]; /**< made printable */
    base_buf error_data;     /**< revert data, empty when there is none */
} eth_request;

typedef struct eth_batch {
    eth_request requests[ETH_BATCH_MAX];
    size_t count;
    bool failed;    /**< a request could not be added */
    bool too_large; /**< the last answer was larger than what is read: asking for less may pass */
} eth_batch;

void eth_batch_init(eth_batch *batch);
void eth_batch_free(eth_batch *batch);

/** Back to unanswered, to be asked again. */
void eth_batch_forget_answers(eth_batch *batch);

/** Adds a request; `params` is the JSON array, made with a format. Answered in requests[the index returned].
 */
size_t eth_batch_add(eth_batch *batch, const char *method, const char *params, ...)
    __attribute__((format(printf, 3, 4)));

/** The same with parameters that are not made with a format. */
size_t eth_batch_add_params(eth_batch *batch, const char *method, const base_buf *params);

/** Adds an eth_call of `data` to `to20` at a block ("latest" or "0x..."). */
size_t eth_batch_add_call(eth_batch *batch, const uint8_t to20[static 20], const base_buf *data,
                          const char *block);

/**
 * Gives `count` requests from `first` on fresh ids, counted up in `*next_id`, and writes them: an array
 * for several, an object for one.
 */
bool eth_batch_write(eth_batch *batch, size_t first, size_t count, uint64_t *next_id, base_buf *out);

/**
 * Reads the answer to what eth_batch_write() wrote: each request must be answered exactly once, by id.
 * RPC_ANSWER says what is wrong with the answer; RPC_ERROR or RPC_LIMITED that the node refused the
 * batch as a whole. An error answered to a single request of the batch is left in the request.
 */
int eth_batch_read(eth_batch *batch, size_t first, size_t count, const char *text, size_t len,
                   base_error *error);

/**
 * The bytes of a result that is hex data of any length; false when it is none. Borrowed from the request
 * if they are many, and otherwise from `own`, an empty buffer that they are put into.
 */
bool eth_request_data(const eth_request *request, base_buf *own, const void **data, size_t *len);

/** Turns a request's error, if it has one, into `error`: RPC_LIMITED or RPC_ERROR. Returns the code. */
int eth_request_check(const eth_request *request, base_error *error);

#endif
