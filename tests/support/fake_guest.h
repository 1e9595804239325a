/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_GUEST_H
#define SUPPORT_FAKE_GUEST_H

#include "support/fake_server.h"

/*
 * A guest agent for tests: Info and GetKey as dstack's development simulator answers them, until told to
 * do otherwise.
 */

#define FAKE_INSTANCE_ID "1691ed1b47506cad7d08834668691d88246f5b1f"
#define FAKE_APP_ID      "5bb4ff9a3837357f19dc176407a5709c62eb6c56"
#define FAKE_KMS_ROOT    "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"
#define FAKE_KMS_SIGNATURE                                                                                   \
    "9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e594d2a283f843f34e8f39e4cc49a612496"       \
    "ce67223a12ac923f8efe330346dfc6c500"
/** Address of the instance's derived key. */
#define FAKE_INSTANCE_ADDRESS "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442"

typedef enum guest_fault {
    GUEST_HEALTHY,
    GUEST_400,
    GUEST_500_EMPTY,
    GUEST_HALF,
    GUEST_CLOSES,
    GUEST_HTML,
    GUEST_BROKEN_JSON,
    GUEST_JSON_ARRAY,
    GUEST_HUGE,  /**< 100 MB, not announced */
    GUEST_EMPTY, /**< no body */
    GUEST_EMPTY_OBJECT,
    GUEST_SLOW,           /**< answers after a minute */
    GUEST_NO_STATUS_LINE, /**< bytes that are not HTTP */
    GUEST_OTHER_KEY,      /**< GetKey: the key of another path */
    GUEST_OTHER_SIGNER,   /**< GetKey: signed by another key than the app key */
    GUEST_GARBAGE_SIGNATURE,
    GUEST_SHORT_SIGNATURE,
    GUEST_ZERO_KEY,
    GUEST_NO_CHAIN
} guest_fault;

/** How to answer; set before the first request, or between calls on the handle under test. */
typedef struct fake_guest_state {
    const char *instance_id, *app_id, *kms_signature; /**< NULL leaves the member out */
    guest_fault info, key;                            /**< what goes wrong with Info and GetKey */
    unsigned key_after;                               /**< GetKey calls that go well before it goes wrong */
} fake_guest_state;

typedef struct fake_guest fake_guest;

/** A healthy agent on a unix socket, or on TCP. */
fake_guest *fake_guest_start(bool tcp);

/** To be changed while no request is under way. */
fake_guest_state *fake_guest_set(fake_guest *guest);

/** The private key that the agent hands out for a path, and the app's, that signs for it. */
void fake_guest_key(const char *path, uint8_t key32[static 32]);
void fake_guest_app_key(uint8_t key32[static 32]);

fake_server *fake_guest_server(fake_guest *guest);
void fake_guest_stop(fake_guest *guest);

#endif
