/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_EVIDENCE_H
#define REGISTRY_EVIDENCE_H

#include "registry/events.h"

/*
 * What a PeerRegistered entry proves: that a KMS root certified an app key, and that this key, which only
 * attested code of the app can use, signed for this chain and contract that the instance with this derived
 * key is reachable at this URL. The checks are the contract's own (contracts/src/libraries/KeyChain.sol).
 *
 * All of it comes from a node that may lie. Whatever it makes up, signatures it cannot: of what it hands out
 * the chain id, the contract and the root are not its own to choose, and the hash of the anchor block, which
 * is, can only be the one that was signed. A node that lies about that hash makes the check of a good peer
 * fail, never that of an invented one pass.
 *
 * Two things are not proven. Which apps the contract allows is for the node to say, unless app ids are given:
 * who runs an app of his own under the same KMS root and the node as well can have his instances listed. And
 * an entry is proof of what was once stated, not that it still holds: a node can show an old state.
 */

typedef enum registry_verdict {
    REGISTRY_PROVEN,
    REGISTRY_NO_EVENT,  /**< the caller's: there is no entry that names the peer as it is listed */
    REGISTRY_NO_ANCHOR, /**< the caller's: the anchor block does not exist */
    REGISTRY_OTHER_ADDRESS,
    REGISTRY_NO_CERTIFICATE,
    REGISTRY_OTHER_ROOT,
    REGISTRY_OTHER_APP,
    REGISTRY_NO_SIGNATURE,
    REGISTRY_OTHER_SIGNER
} registry_verdict;

/** The reason as part of a sentence, "its certificate is by another KMS root". Static storage. */
const char *registry_verdict_text(registry_verdict verdict);

/** What evidence is checked against, and the last certificate that was: instances of one app share one. */
typedef struct registry_verifier {
    uint64_t chain_id;
    uint8_t contract20[20], kms_root20[20];
    const uint8_t (*app_ids20)[20]; /**< of instances that may be peers; borrowed */
    size_t app_count;               /**< 0 = any */
    bool has_certificate;
    registry_verdict verdict; /**< on the certificate */
    uint8_t certificate118[REGISTRY_KMS_SIGNATURE];
} registry_verifier;

/** The number of the block that a statement is anchored at. */
uint64_t registry_event_anchor(const registry_event *event);

/** Checks a PeerRegistered entry, given the hash of its anchor block. */
registry_verdict registry_verify(registry_verifier *verifier, const registry_event *event,
                                 const uint8_t anchor_hash32[static 32]);

#endif
