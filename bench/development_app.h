/* SPDX-License-Identifier: MIT */
#ifndef BENCH_DEVELOPMENT_APP_H
#define BENCH_DEVELOPMENT_APP_H

/* Registrations signed with dstack's public development app key, without a guest agent. */

#include "base/hex.h"
#include "eth/key.h"
#include "registry/key_chain.h"
#include "registry/membership.h"

#include <string.h>

typedef struct development_app {
    uint8_t key32[32], key33[33], id20[20], kms65[65];
} development_app;

static inline void development_app_init(development_app *app)
{
    base_hex_decode("d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d", 64, app->key32, 32);
    base_hex_decode("5bb4ff9a3837357f19dc176407a5709c62eb6c56", 40, app->id20, 20);
    base_hex_decode(
        "9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e594d2a283f843f34e8f39e4cc49a612496"
        "ce67223a12ac923f8efe330346dfc6c500",
        130, app->kms65, 65);
    eth_key_public(app->key32, app->key33);
}

/* Appends registerPeer's call data. The instance's id, padded, serves as its derived key. */
static inline void development_app_register(const development_app *app, const registry_statement *statement,
                                            base_buf *data)
{
    char purpose[REGISTRY_PURPOSE_TEXT];
    uint8_t private_key[32] = {[31] = 1}, derived[33], message[32], signature[65], packed[73],
            certificate[118];
    memcpy(private_key, statement->instance20, 20);
    registry_purpose(statement, purpose);
    eth_key_public(private_key, derived);
    registry_app_message_hash(purpose, derived, message);
    eth_key_sign(app->key32, message, signature);
    registry_pack_app_signature(signature, statement->anchor_number, packed);
    registry_pack_kms_signature(app->kms65, app->key33, app->id20, certificate);
    registry_encode_register(data, statement, derived, packed, certificate);
}

#endif
