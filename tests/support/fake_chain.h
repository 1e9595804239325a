/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_CHAIN_H
#define SUPPORT_FAKE_CHAIN_H

#include "registry/events.h"

/*
 * A simulated chain with a DstackMembershipNFT on it, free of I/O: blocks that follow each other, branches
 * that replace each other, and who is a member at each of them. Instances, URLs and keys are numbers here.
 *
 * Transactions are put into the block that comes next, which fake_chain_mine() adds to the chain.
 */

enum { CHAIN_INSTANCES = 64, CHAIN_LOGS = 16, CHAIN_KEPT = 1024, CHAIN_SAFE = 3, CHAIN_FINALIZED = 6 };
enum { CHAIN_BLOCK_S = 2 };

/** An instance as the contract holds it. */
typedef struct chain_member {
    bool registered; /**< is in the index, listed or not */
    uint32_t url, key;
    uint64_t registered_at, expires_at, epoch;
} chain_member;

/** A log entry. */
typedef struct chain_log {
    registry_event_kind kind;
    unsigned instance;
    uint32_t url, key;
    uint64_t expires_at, version, epoch;
    uint8_t reason;
} chain_log;

/** A block and the contract's state after it. */
typedef struct chain_block {
    uint64_t sequence; /**< counts all blocks there ever were; 0 is the first block */
    uint64_t parent;   /**< sequence */
    uint64_t number, time, version, epoch;
    uint8_t hash32[32], parent32[32];
    chain_member members[CHAIN_INSTANCES];
    chain_log logs[CHAIN_LOGS];
    size_t log_count;
} chain_block;

typedef struct fake_chain {
    uint64_t salt; /**< tells histories apart */
    chain_block first, next;
    chain_block blocks[CHAIN_KEPT]; /**< the newest ones, by sequence */
    uint64_t line[CHAIN_KEPT];      /**< sequences of the blocks on the chain, by number */
    uint64_t blocks_made, head;
    uint64_t transactions; /**< that changed who is a member */
} fake_chain;

/** A chain of one block. Each salt gives another history. */
void fake_chain_init(fake_chain *chain, uint64_t salt);

/* ---- Transactions ---- */

/** Moves the next block's time on. */
void fake_chain_wait(fake_chain *chain, uint64_t seconds);

/** Registers, renews, moves or comes back; a lease of 0 seconds does not end. */
void fake_chain_register(fake_chain *chain, unsigned instance, uint32_t url, uint32_t key, uint64_t lease_s);

/** Takes an instance out, if it is in: 1 withdrawn ... 7 reassigned. */
void fake_chain_remove(fake_chain *chain, unsigned instance, uint8_t reason);

/** A rule becomes stricter: nobody is listed any more. */
void fake_chain_tighten(fake_chain *chain);

/** Clears the index of expired instances, in one transaction. */
void fake_chain_prune(fake_chain *chain);

/* ---- Blocks ---- */

/** Ends the next block, and puts it on the chain. Once its log is full it takes no more transactions. */
void fake_chain_mine(fake_chain *chain);
bool fake_chain_has_room(const fake_chain *chain);

/** Takes so many blocks off the chain; what is mined next is another branch. */
void fake_chain_rewind(fake_chain *chain, uint64_t depth);

/** The block at a number; NULL when there is none, or it is too old to be kept. */
const chain_block *fake_chain_at(const fake_chain *chain, uint64_t number);
const chain_block *fake_chain_head(const fake_chain *chain);

/** The block with a sequence, on the chain or not; NULL when it is too old to be kept. */
const chain_block *fake_chain_block(const fake_chain *chain, uint64_t sequence);

/** Whether a block is on the chain. */
bool fake_chain_has(const fake_chain *chain, const chain_block *block);

/* ---- Members ---- */

/** Whether the contract lists an instance at a block. */
bool chain_block_lists(const chain_block *block, unsigned instance);
size_t chain_block_count(const chain_block *block);

/** Names; the URL is of any length up to 100. The instance of an id, or CHAIN_INSTANCES. */
enum { CHAIN_URL_TEXT = 128 };
void chain_instance(unsigned instance, uint8_t id20[static 20]);
void chain_key(unsigned instance, uint32_t key, uint8_t address20[static 20]);
void chain_url(unsigned instance, uint32_t url, char text[static CHAIN_URL_TEXT]);
unsigned chain_find_instance(const uint8_t id20[static 20]);

#endif
