/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_IDENTITY_H
#define CLUSTER_IDENTITY_H

#include "base/error.h"
#include "dstack_p2p.h"
#include "guest/client.h"

#include <stdint.h>

/** Who this node is, as its guest agent says and its keys prove. */
typedef struct cluster_identity {
    uint8_t instance20[20], app_id20[20];
    uint8_t *derived_key32; /**< private; a block of base_secret_new() while it pays for gas, else NULL */
    uint8_t derived_key33[33], app_key33[33];
    uint8_t address20[20];  /**< the derived key's */
    uint8_t kms_root20[20]; /**< that certified the app key */
    uint8_t kms_signature65[65];
    char instance_text[41], app_id_text[41], address_text[43], payer_text[43], kms_root_text[43];
    uint8_t payer20[20]; /**< pays for gas */
} cluster_identity;

struct cluster_session;

/** Another connection to the guest agent; NULL, with the reason in `error`, when memory is exhausted. */
guest_client *cluster_meet_guest(const dstack_p2p *sdk, uint32_t wait_ms, int cancel_fd, base_error *error);

/**
 * Asks the guest agent, unless it is known already, and checks the chain as far as it goes without the
 * contract. Waits for the agent. Inside the handle's gate.
 */
int cluster_identify(const struct cluster_session *session, base_error *error);

/**
 * The same from outside the gate, with a connection of its own and without waiting: neither for an agent that
 * is not there, nor for whoever is inside, who may wait for it for minutes. Any thread.
 */
int cluster_identify_at_once(dstack_p2p *sdk, int cancel_fd, base_error *error);

/**
 * Has the guest agent sign a purpose with the app key, and checks that the signature is the app key's
 * over this node's derived key. `what` names the purpose in the sentence.
 */
int cluster_sign_purpose(const struct cluster_session *session, const char *purpose, const char *what,
                         uint8_t app_signature65[static 65], base_error *error);

/** Wipes what is private in it. */
void cluster_identity_free(cluster_identity *id);

#endif
