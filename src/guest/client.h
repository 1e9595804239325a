/* SPDX-License-Identifier: MIT */
#ifndef GUEST_CLIENT_H
#define GUEST_CLIENT_H

#include "base/clock.h"
#include "base/log.h"
#include "guest/answer.h"

/*
 * The dstack guest agent's calls. One thread at a time.
 */

typedef struct guest_config {
    const char *endpoint; /**< see guest_endpoint_parse(); borrowed */
    uint32_t wait_ms;     /**< how long to wait for an agent that is not there; DSTACK_P2P_NO_WAIT = not */
    int cancel_fd;
    const base_clock *clock;
    const base_log *log;
} guest_config;

typedef struct guest_client guest_client;

/** NULL when memory is exhausted. Makes no connection. */
guest_client *guest_client_new(const guest_config *config);

/** Info; waits for the agent, asking again after 0.1 s, doubling up to 2 s. */
int guest_client_info(guest_client *client, guest_info *info, base_error *error);

/** GetKey for secp256k1; waits likewise. `key` is to be wiped by the caller, also after a failure. */
int guest_client_get_key(guest_client *client, const char *path, const char *purpose, guest_key *key,
                         base_error *error);

void guest_client_free(guest_client *client);

#endif
