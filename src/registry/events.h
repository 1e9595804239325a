/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_EVENTS_H
#define REGISTRY_EVENTS_H

#include "base/error.h"
#include "registry/key_chain.h"
#include "registry/statement.h"

#include <jansson.h>

/*
 * The contract's log entries, as eth_getLogs and eth_subscribe give them. Free of I/O.
 */

typedef enum registry_event_kind {
    REGISTRY_OTHER_EVENT, /**< of the contract, and none of those below */
    REGISTRY_PEER_REGISTERED,
    REGISTRY_PEER_RENEWED,
    REGISTRY_PEER_REMOVED,
    REGISTRY_POLICY_TIGHTENED
} registry_event_kind;

/** A log entry. What its kind does not have is zero. */
typedef struct registry_event {
    registry_event_kind kind;
    bool removed; /**< its block has left the chain */
    uint64_t block_number, log_index;
    uint8_t block_hash32[32], tx_hash32[32];

    uint8_t instance20[20];
    uint8_t address20[20];
    uint64_t expires_at;   /**< registered and renewed */
    uint64_t version;      /**< all but renewed */
    uint64_t policy_epoch; /**< tightened */
    uint8_t reason;        /**< removed: 1 withdrawn ... 7 reassigned */

    char url[REGISTRY_URL_MAX + 1]; /**< registered: 1 to 256 visible bytes */
    uint8_t derived_key33[33];
    uint8_t app_signature73[REGISTRY_APP_SIGNATURE];
    uint8_t kms_signature118[REGISTRY_KMS_SIGNATURE];
} registry_event;

/** The hash that the first topic of such an event is. Not for REGISTRY_OTHER_EVENT. Static storage. */
const uint8_t *registry_event_topic(registry_event_kind kind);

/** The topic that an instance id is, in all events that name one. */
void registry_instance_topic(const uint8_t instance20[static 20], uint8_t topic32[static 32]);

/** Reads one entry. RPC_ANSWER when it is not the contract's, or not as the contract writes them. */
int registry_read_event(const json_t *log, const uint8_t contract20[static 20], registry_event *event,
                        base_error *error);

#endif
