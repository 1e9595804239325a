/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_WALLET_H
#define CLUSTER_WALLET_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct cluster_session;

/*
 * The lock on a chain's paying account, which all processes of a user on this machine share. It is held from
 * the nonce to the node's word that the transaction is in its pool, which counts for the next nonce from then
 * on. What is waited for after that, is waited for without it.
 *
 * Beside it there is a mark: the nonce that follows the last one used from here. Whoever takes the lock with
 * a nonce that was read before knows by it whether to ask again; so the lock need not be held while it is
 * read, and nobody pays a round trip more who has the account to itself.
 */

/**
 * Takes the lock, waiting up to `end_ms`. `*changed`: others have, or may have, sent something since `nonce`
 * was read.
 */
int cluster_wallet_take(struct cluster_session *session, uint64_t nonce, uint64_t end_ms, bool *changed,
                        base_error *error);

/** Whether others wait for it now. */
bool cluster_wallet_is_wanted(const struct cluster_session *session);

/** Says to all that come later that this nonce is used. */
void cluster_wallet_mark(struct cluster_session *session, uint64_t nonce);

/** Gives it back; nothing happens without it. */
void cluster_wallet_give(struct cluster_session *session);

#endif
