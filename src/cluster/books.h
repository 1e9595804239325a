/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_BOOKS_H
#define CLUSTER_BOOKS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct cluster_session;

/*
 * What one node's transactions leave behind, kept in the state directory: its ledger, as a journal that the
 * next process reads after a kill, under a lock that lets one process at a time register one instance. Where
 * no such directory can be had there is neither, and everything else goes on.
 */

typedef struct cluster_books {
    bool open;
    int dir_fd;    /**< -1 = none to be had */
    int lock_fd;   /**< of the instance */
    int wallet_fd; /**< see cluster/wallet.h */
    int queue_fd;
    bool has_wallet;
    uint8_t payer20[20]; /**< whose wallet it is */
} cluster_books;

/**
 * Opens them, once the chain is known: waits for another process that is at it with the same instance, up to
 * `end_ms`, and brings the handle's ledger up to date. `*changed`: what was seen of the chain before may be
 * outdated, or lacks what the ledger holds now.
 */
int cluster_books_open(struct cluster_session *session, uint64_t end_ms, bool *changed, base_error *error);

/**
 * Opens them for the lock of an account's wallet alone: for transactions that are no registration, of whoever
 * it is. There is no ledger to be saved then. The directory is done without where that is possible.
 */
int cluster_books_open_wallet(struct cluster_session *session, const uint8_t payer20[static 20],
                              base_error *error);

/** Writes the ledger down; a warning is logged when that fails. */
void cluster_books_save(struct cluster_session *session);

/** Gives back all locks. */
void cluster_books_close(struct cluster_session *session);

#endif
