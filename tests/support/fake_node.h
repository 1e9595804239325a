/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_FAKE_NODE_H
#define SUPPORT_FAKE_NODE_H

#include "support/fake_server.h"

/*
 * An Ethereum node for tests, with a DstackMembershipNFT on it that admits fake_guest's instance. Healthy
 * until told otherwise: it can break on every level, from the bytes of an answer to what the contract says.
 */

#define FAKE_CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"

enum {
    FAKE_CHAIN_ID = 31337,
    FAKE_BLOCK = 1000,
    FAKE_PEERS_MAX = 8,
    FAKE_RULES_MAX = 4,
    FAKE_TAKEN_MAX = 64
};

/** What goes wrong with a whole HTTP exchange. */
typedef enum node_fault {
    NODE_HEALTHY,
    NODE_HTML,
    NODE_BROKEN_JSON,
    NODE_ERROR,          /**< one error object for everything asked */
    NODE_ERRORS,         /**< an error for each request */
    NODE_LIMITED,        /**< the same, with code -32005 */
    NODE_FOREIGN_ID,     /**< answers to other requests */
    NODE_MISSING_ANSWER, /**< one answer less than asked */
    NODE_TWICE,          /**< one request answered twice, another one not */
    NODE_TEXT_IDS,
    NODE_NO_RESULTS, /**< answers with neither result nor error */
    NODE_EMPTY_ARRAY,
    NODE_EMPTY_OBJECT,
    NODE_NULL,
    NODE_EMPTY, /**< no body */
    NODE_HUGE,  /**< 100 MB, not announced */
    NODE_HUGE_ANNOUNCED,
    NODE_429,
    NODE_401,
    NODE_502,
    NODE_SLOW, /**< answers after a minute */
    NODE_HALF,
    NODE_CLOSES,
    NODE_NO_STATUS_LINE, /**< bytes that are not HTTP */
    NODE_REDIRECT,
    NODE_NO_BATCHES, /**< refuses arrays, serves single requests */
    NODE_413,
    NODE_STALLS, /**< half an answer, and nothing for a minute */
    NODE_503
} node_fault;

/** Name of a fault as on a command line, "broken-json"; NULL beyond the last one. */
const char *node_fault_name(int fault);

/** What becomes of a transaction that the node takes. */
typedef enum node_outcome {
    NODE_MINED,
    NODE_REVERTED,
    NODE_COPY_LANDED, /**< reverted, and the contract holds what it asked for all the same */
    NODE_NEVER_MINED,
    NODE_OTHER_RECEIPT, /**< mined; the receipts are another transaction's */
    NODE_BAD_RECEIPT    /**< mined; the receipts lack the gas price */
} node_outcome;

/** A peer the contract lists; the texts may be malformed in any way but the hex digits. */
typedef struct fake_peer {
    const char *instance_id; /**< 40 hex digits */
    const char *address;     /**< 40 hex digits */
    const char *url;
    uint64_t registered_at, expires_at;
} fake_peer;

/** What is wrong with the evidence in a peer's PeerRegistered event. */
typedef enum fake_flaw {
    FLAW_NONE,
    FLAW_NO_EVENT,
    FLAW_REMOVED,           /**< only an entry that has left the chain */
    FLAW_URL_LISTED,        /**< good, for another URL than the one that is listed */
    FLAW_OTHER_URL,         /**< the statement is, and the event is not */
    FLAW_REPLAYED,          /**< another instance's evidence */
    FLAW_OTHER_CHAIN,       /**< the statement is for another one */
    FLAW_OTHER_CONTRACT,    /**< likewise */
    FLAW_OTHER_BLOCK,       /**< the anchor's hash is another block's */
    FLAW_FUTURE,            /**< anchored at a block that is not there yet */
    FLAW_GARBAGE,           /**< a signature that is none */
    FLAW_OTHER_SIGNER,      /**< signed by another app's key, with this one's certificate */
    FLAW_OTHER_CERTIFICATE, /**< signed by the app key, with a certificate that names another one */
    FLAW_OTHER_ROOT,        /**< an app and its certificate by a root of its own */
    FLAWS
} fake_flaw;

/** The event of a listed peer. */
typedef struct fake_event {
    fake_flaw flaw;
    uint64_t block; /**< 0 = 500 and its place in the list */
} fake_event;

/** The address of the key that fake_guest's app derives for an instance, as 40 hex digits. */
void fake_member_address(const char *instance_id, char address[static 41]);

/** One of a crowd: a peer that is made up from its number, in an order that is none. */
typedef struct fake_crowd_peer {
    char id[41], address[41], url[257];
    fake_peer peer; /**< points to these */
} fake_crowd_peer;

void fake_crowd(uint64_t number, fake_crowd_peer *crowd);

/** What pages of getPeers claim that is not so. */
typedef struct fake_lie {
    uint64_t from;           /**< pages from this offset on only */
    bool pinned;             /**< pages read at a block's number only */
    uint64_t total, version; /**< 0 = the truth */
} fake_lie;

/** A method answered in another way than the healthy one. */
typedef struct fake_rule {
    const char *method; /**< NULL ends the rules */
    uint32_t selector;  /**< eth_call of this function only; 0 = every one */
    uint64_t beyond;    /**< getPeers of more peers than this only; 0 = everything */
    bool pinned;        /**< what is asked at, or for, a block's number only */
    const char *result; /**< JSON; NULL = the error that follows */
    int code;
    const char *message, *data;
    unsigned skips; /**< how often it does not apply before */
    unsigned times; /**< how often; 0 = always */
    bool obeys;     /**< does what it is asked for all the same */
} fake_rule;

/** A transaction that the node has taken. */
typedef struct fake_taken {
    uint64_t nonce, max_fee, tip, anchor;
    bool mined;
} fake_taken;

/** Everything about the node. Strings are borrowed. */
typedef struct fake_node_state {
    node_fault fault;
    const char *fault_method; /**< only exchanges that ask for it; NULL = all */
    uint64_t fault_beyond;    /**< only exchanges that ask for more peers at a time; 0 = all */
    unsigned fault_times;     /**< how often; 0 = always */
    const char *retry_after;  /**< header lines with NODE_429, NODE_LIMITED and NODE_503; NULL = none */
    fake_rule rules[FAKE_RULES_MAX + 1];

    uint64_t chain_id, block_number, block_time, base_fee, tip, balance;
    uint64_t nonce, mined_nonce; /**< with and without the pool */
    bool no_base_fee;
    bool no_code;           /**< nothing at the address */
    const char *other_code; /**< what other code there answers, as JSON; "" = it reverts */

    const char *kms_root;
    bool app_allowed, has_ticket, banned, paused, dev_mode, bound_urls, base_allowed;
    uint64_t last_anchor, lease, version;
    fake_peer peers[FAKE_PEERS_MAX];
    size_t peer_count;
    fake_event events[FAKE_PEERS_MAX];
    uint64_t log_range, log_results; /**< most blocks and entries in an eth_getLogs; 0 = any number */
    uint64_t log_lag;                /**< so many of the newest blocks are not in the logs yet */
    bool says_lag;                   /**< and eth_blockNumber says so */
    size_t crowd;                    /**< so many more, made up */
    uint64_t total;                  /**< claimed in getPeers; 0 = the number of peers */
    fake_lie lie;
    bool repeats;       /**< every page is the first */
    bool ignores_limit; /**< a page goes on to the end */

    bool no_sync;             /**< does not know eth_sendRawTransactionSync */
    bool sync_without_answer; /**< its answer to that is null: not mined in its time */
    node_outcome outcome;
    bool has_pool;           /**< a real node's rules: nonces, known transactions, 10 % for a replacement */
    uint64_t mines_from_fee; /**< what offers less per gas is not mined */
    unsigned mines_first_at; /**< when it takes that many transactions the first of them is mined; 0 = not */
    unsigned blocks_while_pending; /**< so many come each time the latest is asked for */
    unsigned receipt_after;        /**< how often the receipt is asked for in vain */
    const char *revert_data;       /**< hex with 0x, of the replay; NULL = the replay succeeds */
    uint64_t gas_used, gas_price;

    /* What happened. */
    unsigned sends, taken, receipts_asked, replays, logs_asked, blocks_asked;
    uint64_t last_nonce;             /**< of the last transaction taken */
    fake_taken took[FAKE_TAKEN_MAX]; /**< the first ones taken */
    unsigned registrations;          /**< that succeeded, withdrawals included */
    char listed_url[257];            /**< what the instance registered; "" = not listed */
    char listed_address[41];
    uint64_t listed_until, listed_block;
    uint8_t listed_key33[33], listed_signature73[73], listed_certificate118[118];
} fake_node_state;

/** When a block of the chain was mined. */
uint64_t fake_block_time(const fake_node_state *state, uint64_t number);

typedef struct fake_node fake_node;

/** A healthy node on a free port. */
fake_node *fake_node_start(void);

/** Locks the state against the node's threads, for a change or a look. */
fake_node_state *fake_node_lock(fake_node *node);
void fake_node_unlock(fake_node *node);

fake_server *fake_node_server(fake_node *node);
const char *fake_node_url(fake_node *node);
void fake_node_stop(fake_node *node);

#endif
