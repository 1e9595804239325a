/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_PAGES_H
#define CLUSTER_PAGES_H

#include "cluster/block.h"
#include "cluster/list.h"
#include "eth/batch.h"

/*
 * One list from many pages, free of I/O.
 *
 * The first page is read at the tag ("latest"), in one exchange with the block that all later pages are
 * pinned to: a small cluster takes one round trip. With each later page comes its block's hash again: if
 * that is another one, the chain was reorganised in between, and everything is read anew.
 *
 * The first page may be of a later block than the one it came with. It is kept if its version and total
 * are those of the pinned pages: the version moves with every transaction that changes who is a member,
 * with which URL and key, and so with every one that moves a peer to another slot. Equal versions, equal
 * slots: the pages cover each of them once. Two things do not move the version, a lease that is renewed
 * and one that ends; in these, peers of the first page are newer than the list claims to be. Nor does a
 * version tell branches of the chain apart, but the hash does: the block is asked for before the page, so
 * a page of another branch means that the block has left the chain, and its number now has another hash.
 *
 * What remains is a node that works on a batch in another order: its first page may be a block older, and
 * so list a peer whose lease has just ended; and if it changes branches between the two, to one with as
 * many other changes, the list is of neither until it is read next. That is less likely than what pages
 * by number cannot exclude either, a gateway that sends the parts of a batch to nodes of two opinions.
 */

/** A list that is being read. */
typedef struct cluster_pages {
    dstack_p2p_peers *list; /**< with its version and block, once there is a page */
    const uint8_t *self20;  /**< the reader's instance; NULL while it is not known */
    uint64_t total, next;   /**< slots, and the first one not read yet */
    bool pinned;            /**< to the list's block */
    bool unconfirmed;       /**< what is in the list was not read at that block */
    bool no_state;          /**< the node knows that block, and not what the contract held then */
} cluster_pages;

/** What an answer was, and so what is to be done. */
typedef enum cluster_page_outcome {
    CLUSTER_PAGE_FAILED,
    CLUSTER_PAGE_TAKEN,
    CLUSTER_PAGE_TOO_LARGE, /**< for the node: less may pass */
    CLUSTER_PAGE_READ_AGAIN /**< the block is gone, or is not one block: all is to be read anew */
} cluster_page_outcome;

/** Back to nothing read, and no block. */
void cluster_pages_restart(cluster_pages *pages);

/** After restarting: all pages are to be of this block, the first one too. */
void cluster_pages_pin(cluster_pages *pages, const cluster_block *block);

/** Whether all slots have been read. */
bool cluster_pages_complete(const cluster_pages *pages);

/** Takes the answers to the first request: the block, then the page of at most `limit` peers. */
cluster_page_outcome cluster_pages_take_first(cluster_pages *pages, const eth_request *block,
                                              const eth_request *page, uint32_t limit, base_error *error);

/** Takes a page that was asked for at the list's block, and that block. */
cluster_page_outcome cluster_pages_take_pinned(cluster_pages *pages, const eth_request *page,
                                               const eth_request *block, uint32_t limit, base_error *error);

#endif
