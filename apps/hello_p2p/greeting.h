/* SPDX-License-Identifier: MIT */
#ifndef HELLO_GREETING_H
#define HELLO_GREETING_H

#include "hearsay.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREETING_TIMEOUT_MS = 5000, GREETING_BODY_MAX = 64 * 1024, GREETING_HEADER_MAX = 16 * 1024 };

/** Whom to greet, and in whose name. */
typedef struct hello_target {
    char id[41], own_id[41];
    char *url;           /**< the connection URL */
    bool may_be_private; /**< connect to addresses that are not public, too */
    uint32_t failures;   /**< greetings that failed before */
    bool asks;           /**< no greeting: asks whom the peer has greeted */
} hello_target;

/** One `GET <peer>/hello`, or `/peers` for who asks, on its way or answered. */
typedef struct hello_greeting {
    CURL *easy;
    hello_target target;
    char *body;
    size_t len, header_len;
    bool too_long, kept_out; /**< `kept_out`: an address that is not public was not connected to */
    char detail[CURL_ERROR_SIZE];
} hello_greeting;

/** What a peer answered; owned by the caller, to be freed with greeting_answer_free(). */
typedef struct greeting_answer {
    char *message;                  /**< printable ASCII, bounded */
    int64_t timestamp, peers_known; /**< -1: missing */
    hello_told *told;               /**< what was asked for; NULL: nobody */
    size_t told_count;
    char *error; /**< why there is no message, or nothing that was asked for */
    bool final;  /**< no use in trying again */
} greeting_answer;

/** Prepares to greet. Takes over the target's string. NULL, the target being untouched, with `answer` saying
 *  why. */
hello_greeting *greeting_new(const hello_target *target, greeting_answer *answer);

/** What came of it, once curl is done with the result `code`. */
greeting_answer greeting_result(const hello_greeting *self, CURLcode code);

void greeting_free(hello_greeting *self);
void greeting_answer_free(greeting_answer *answer);

#endif
