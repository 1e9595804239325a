/* SPDX-License-Identifier: MIT */
#ifndef DSTACK_P2P_H
#define DSTACK_P2P_H

/*
 * dstack-p2p: peer discovery for clusters of confidential VMs (dstack TEE instances).
 *
 *     dstack_p2p *sdk = dstack_p2p_new("0x123...", "http://localhost:8080");
 *     dstack_p2p_register(sdk);
 *     dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
 *
 * A node proves with keys that only attested code can hold that it may join, publishes its connection
 * URL in an on-chain membership contract (DstackMembershipNFT), and reads and watches its peers there.
 *
 * Conventions
 * -----------
 * Arguments: the handle first, then what is given, then what is filled in. A callback's context follows
 * the callback where it is given, and is the callback's first argument.
 *
 * Strings are NUL-terminated. Strings given to the library are copied before the call returns. Strings
 * and records the library returns are borrowed; the function says from what, and for how long. Only what
 * a function calls "owned by the caller" is freed by the caller, with the function it names.
 *
 * Failure is a code plus a sentence: functions return a dstack_p2p_code (0 is success) or NULL, and
 * dstack_p2p_errcode() and dstack_p2p_errmsg() tell what went wrong and what to do about it. No function
 * answers "empty" for "could not ask".
 *
 * Threads: a handle belongs to one thread at a time, like a curl easy handle. The exceptions, usable from
 * any thread at any time between new and free, say so. Different handles are independent. Lists of peers
 * never change; any thread may read and free them.
 *
 * Processes: do not use a handle in a child after fork(). Private keys are not in its memory.
 *
 * Configuration, first found wins: the argument or option; the environment (CONTRACT_ADDRESS,
 * CONNECTION_URL, RPC_URL, CHAIN_ID, PRIVATE_KEY_FILE, PRIVATE_KEY, DSTACK_SIMULATOR_ENDPOINT,
 * DSTACK_P2P_STATE_DIR, DSTACK_P2P_CACHE_FILE, XDG_RUNTIME_DIR); the default. The environment is read by
 * dstack_p2p_new*() only. It comes from the operator, not from the measured image: in production give the
 * contract address and the chain id as arguments.
 *
 * Units: times are seconds since 1970 by the chain's clock, unless a name ends in _ms; amounts are wei.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DSTACK_P2P_API __attribute__((visibility("default")))
#else
#define DSTACK_P2P_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define DSTACK_P2P_VERSION "0.1.0"

/** Version of the library in use at run time, "major.minor.patch". Any thread. Static storage. */
DSTACK_P2P_API const char *dstack_p2p_version(void);

/* ---- Errors ---------------------------------------------------------------------------------------- */

/**
 * Every way to fail: X(NAME, value, "general sentence"). Grouped by who failed: 1x the caller or this
 * machine, 2x the guest agent, 3x the Ethereum node, 4x the contract, 5x the payment. The values fit an
 * exit status, are part of the ABI, and never change; later versions add some, so expect unknown ones.
 */
#define DSTACK_P2P_ERROR_MAP(X)                                                                             \
    X(INVALID_ARGUMENT, 10, "an argument is missing or out of range")                                       \
    X(CONTRACT_ADDRESS, 11, "the contract address is missing or malformed")                                 \
    X(CONNECTION_URL, 12, "the connection URL is empty, too long or has forbidden bytes")                   \
    X(PRIVATE_KEY, 13, "the private key is empty, malformed or unreadable")                                 \
    X(CONFIG, 14, "an option or environment variable is malformed")                                         \
    X(NO_MEMORY, 15, "out of memory")                                                                       \
    X(CANCELLED, 16, "the call was cancelled")                                                              \
    X(STATE, 17, "the call does not fit the handle's state")                                                \
    X(SYSTEM, 18, "the operating system refused a resource")                                                \
    X(GUEST_UNREACHABLE, 20, "the guest agent cannot be reached")                                           \
    X(GUEST_REFUSED, 21, "the guest agent answered with an error")                                          \
    X(GUEST_ANSWER, 22, "the guest agent's answer cannot be understood")                                    \
    X(NO_INSTANCE_ID, 23, "the guest agent has no instance id")                                             \
    X(KEY_CHAIN, 24, "a signature in the key chain does not verify")                                        \
    X(NO_KMS_SIGNATURE, 25, "the app key carries no KMS signature")                                         \
    X(RPC_UNREACHABLE, 30, "the Ethereum node cannot be reached")                                           \
    X(RPC_TIMEOUT, 31, "the Ethereum node did not answer in time")                                          \
    X(RPC_ANSWER, 32, "the Ethereum node's answer cannot be understood")                                    \
    X(RPC_ERROR, 33, "the Ethereum node answered with an error")                                            \
    X(RPC_LIMITED, 34, "the Ethereum node limits the rate of requests")                                     \
    X(WRONG_CHAIN, 35, "the Ethereum node is on another chain")                                             \
    X(NO_CONTRACT, 40, "no contract code at the address")                                                   \
    X(OTHER_CONTRACT, 41, "the contract at the address is not a DstackMembershipNFT")                       \
    X(NO_NFT, 42, "the instance holds no NFT")                                                              \
    X(BANNED, 43, "the instance is banned")                                                                 \
    X(PAUSED, 44, "registration is paused")                                                                 \
    X(APP_NOT_ALLOWED, 45, "the contract does not allow the app")                                           \
    X(WRONG_KMS_ROOT, 46, "the app key was issued by another KMS than the contract trusts")                 \
    X(URL_REFUSED, 47, "the contract refuses the connection URL")                                           \
    X(REVERTED, 48, "the contract refused the transaction")                                                 \
    X(NOT_AUTHORISED, 49, "the account may not do that")                                                    \
    X(FEE_CEILING, 50, "the chain's fees are above the fee ceiling")                                        \
    X(SPEND_CEILING, 51, "the transaction could exceed the spend ceiling")                                  \
    X(NO_FUNDS, 52, "the paying account's balance is too low")                                              \
    X(UNCONFIRMED, 53, "the transaction may have been sent but is not seen in a block")

/** DSTACK_P2P_OK, DSTACK_P2P_ERR_INVALID_ARGUMENT, ...: see DSTACK_P2P_ERROR_MAP. */
typedef enum dstack_p2p_code {
    DSTACK_P2P_OK = 0,
#define DSTACK_P2P_X(name, value, sentence) DSTACK_P2P_ERR_##name = value,
    DSTACK_P2P_ERROR_MAP(DSTACK_P2P_X)
#undef DSTACK_P2P_X
    /** Never returned; keeps the enum four bytes wide for values to come. */
    DSTACK_P2P_ERR_RESERVED = 0x7fffffff
} dstack_p2p_code;

/** Name of a code, "NO_NFT"; "OK" for 0, "UNKNOWN" for any other number. Any thread. Static storage. */
DSTACK_P2P_API const char *dstack_p2p_code_name(int code);

/** General sentence of a code, "the instance holds no NFT". Any thread. Static storage. */
DSTACK_P2P_API const char *dstack_p2p_code_text(int code);

/**
 * Whether the same call may succeed later though nobody does anything: the guest agent or the node may only
 * be away, slow or busy, or the transaction be late. All else is for a person, or for other arguments.
 * False for 0 and for unknown codes. Any thread.
 */
DSTACK_P2P_API bool dstack_p2p_code_is_transient(int code);

/* ---- Handle ---------------------------------------------------------------------------------------- */

/** One node's view of one cluster. */
typedef struct dstack_p2p dstack_p2p;

/** An immutable, ordered list of peers. */
typedef struct dstack_p2p_peers dstack_p2p_peers;

typedef enum dstack_p2p_log_level {
    DSTACK_P2P_LOG_DEFAULT = 0, /**< in options: WARNING */
    DSTACK_P2P_LOG_ERROR = 1,
    DSTACK_P2P_LOG_WARNING = 2,
    DSTACK_P2P_LOG_INFO = 3,
    DSTACK_P2P_LOG_DEBUG = 4,
    DSTACK_P2P_LOG_RESERVED = 0x7fffffff /**< keeps the enum four bytes wide, here and below */
} dstack_p2p_log_level;

/**
 * Receives log lines: no newline, no control characters, no secrets, URLs without credentials. Called in
 * the thread that has something to say, which may be one of the monitor's; two may call at once. `message`
 * is valid during the call. Must not call functions on a handle.
 */
typedef void (*dstack_p2p_log_fn)(void *context, dstack_p2p_log_level level, const char *message);

/** Which block reads refer to. */
typedef enum dstack_p2p_block {
    DSTACK_P2P_BLOCK_LATEST = 0,
    DSTACK_P2P_BLOCK_SAFE = 1,
    DSTACK_P2P_BLOCK_FINALIZED = 2,
    DSTACK_P2P_BLOCK_RESERVED = 0x7fffffff
} dstack_p2p_block;

/**
 * Whether peers are checked against the evidence in the contract's events: that code which the KMS root
 * vouches for stated, for this chain and contract, where it can be reached. A node cannot invent that.
 */
typedef enum dstack_p2p_evidence {
    DSTACK_P2P_EVIDENCE_AUTO = 0,     /**< checked where the KMS root is known, as it is in a dstack VM */
    DSTACK_P2P_EVIDENCE_REQUIRED = 1, /**< checked, and no list without a known KMS root */
    DSTACK_P2P_EVIDENCE_OFF = 2,      /**< the node is trusted */
    DSTACK_P2P_EVIDENCE_RESERVED = 0x7fffffff
} dstack_p2p_evidence;

/** Whether a running monitor looks after this node's registration. */
typedef enum dstack_p2p_keep {
    DSTACK_P2P_KEEP_ON = 0,  /**< from dstack_p2p_register() until dstack_p2p_withdraw() */
    DSTACK_P2P_KEEP_OFF = 1, /**< the application calls dstack_p2p_register() itself */
    DSTACK_P2P_KEEP_RESERVED = 0x7fffffff
} dstack_p2p_keep;

/** For guest_wait_ms: ask the guest agent once and do not wait for it. */
#define DSTACK_P2P_NO_WAIT UINT32_MAX

/**
 * Options; zero (NULL) means the default everywhere. Clear the whole struct before filling it in:
 *     dstack_p2p_options options = {0};
 */
typedef struct dstack_p2p_options {
    /** Ethereum JSON-RPC endpoints, http:// or https://, comma-separated, tried in order when one cannot
     *  be reached; with two or more, no single one can make a peer leave the monitor's list. ws:// and wss://
     *  ones among them tell the monitor of changes; without any, it looks for one beside the others.
     *  Default: RPC_URL, else http://localhost:8545. At most 8, each at most 2,048 bytes. */
    const char *rpc_url;
    /** The guest agent: a unix socket's path, or http(s)://host[:port][/prefix]. Default:
     *  DSTACK_SIMULATOR_ENDPOINT, else the first that exists of /var/run/dstack.sock, /run/dstack.sock,
     *  /var/run/dstack/dstack.sock, /run/dstack/dstack.sock, ./simulator/dstack.sock. */
    const char *guest_endpoint;
    /** File with the private key that pays for gas: 64 hex digits, 0x and white space around allowed; best
     *  of mode 0600. Refused when other users can write it, warned about when they can read it. Default:
     *  PRIVATE_KEY_FILE, else PRIVATE_KEY, else the node's own derived key pays. PRIVATE_KEY is overwritten
     *  and removed from the environment when it is used, and kept for the process's later handles: make the
     *  first one while no other thread reads or changes the environment. */
    const char *private_key_file;
    /** The same key as text; wins over private_key_file. The caller wipes its own copy. */
    const char *private_key;
    /** The chain to be on; another one is an error before anything is signed. Default: CHAIN_ID, else
     *  the first answer counts and is pinned for the life of the handle. */
    uint64_t chain_id;
    /** Ceiling for maxFeePerGas, in wei. Default: 500 gwei. */
    uint64_t max_fee_per_gas;
    /** Ceiling for the tip, maxPriorityFeePerGas, in wei; a node that suggests more is not followed.
     *  Default: 50 gwei. */
    uint64_t max_priority_fee_per_gas;
    /** Ceiling for what this node's transactions can cost within 24 hours, in wei, over restarts too if there
     *  is a state directory. A mined transaction counts with what it really cost, one that was signed and is
     *  not known to be mined with the most it can. Default: 0.05 ether. */
    uint64_t max_fee_per_day;
    /** How long to wait for a guest agent that is not there yet. Default: 300,000 (five minutes). */
    uint32_t guest_wait_ms;
    /** Time limit of each question to the nodes, all endpoints, repetitions and pauses included. A call may
     *  have several questions. Default: 10,000. At most 600,000. */
    uint32_t rpc_timeout_ms;
    /** How long to wait for a sent transaction, or what replaces it, to be mined; and before that for other
     *  processes with the same wallet. Default: 120,000. */
    uint32_t confirm_timeout_ms;
    /** How often the monitor asks for changes while no subscription tells it. Default: 2,000. At least 10. */
    uint32_t poll_interval_ms;
    /** Which block get_peers and the monitor read. Registration always works on the latest. */
    dstack_p2p_block block;
    /** Most detailed level to be logged. Default: WARNING. */
    dstack_p2p_log_level log_level;
    /** Receiver of log lines and its first argument. Default: nobody, nothing is written anywhere. */
    dstack_p2p_log_fn log;
    void *log_context;
    /** Directory for what several processes with one wallet, and one process after another, have to know of
     *  each other's transactions. Made if missing; must belong to the user, and nobody else may write in it.
     *  Default: DSTACK_P2P_STATE_DIR, else dstack-p2p in XDG_RUNTIME_DIR, else /tmp/dstack-p2p-<user id>; if
     *  the one of these two that applies cannot be made all works without, and a warning is logged once. */
    const char *state_dir;
    /** File that keeps the monitor's last list over restarts. It is believed until the node answers, also
     *  that its peers were checked: keep it where nobody else can write. Not used while it is not known which
     *  chain the list has to be of: set chain_id. Default: DSTACK_P2P_CACHE_FILE, else none. */
    const char *cache_file;
    /** The KMS root, "0x" and 40 hex digits, that peers' evidence is checked against. Default: the root of
     *  this node's own key chain, once the guest agent has handed it out. */
    const char *kms_root;
    /** The apps whose instances may be peers, comma-separated ids of 40 hex digits, at most 16; looked up in a
     *  peer's evidence. Default: any app that the contract allows, which is the node's word: give them where
     *  others run apps of theirs under the same KMS. */
    const char *app_ids;
    dstack_p2p_evidence evidence;
    dstack_p2p_keep keep;
    /** For options to come; must be zero. */
    uint64_t reserved[16];
} dstack_p2p_options;

/**
 * Creates a handle with default options. Makes no connection.
 *
 * contract  address of the DstackMembershipNFT, "0x" and 40 hex digits (a mixed-case one must carry the
 *           right EIP-55 checksum); NULL: CONTRACT_ADDRESS
 * url       the connection URL to publish, 1 to 256 bytes 0x21 to 0x7e; NULL: CONNECTION_URL; may be
 *           missing altogether on a handle that never registers. It will be public on chain: no secrets.
 *
 * Returns a handle owned by the caller, to be freed with dstack_p2p_free(), or NULL when memory is
 * exhausted. Any other problem is on the handle: dstack_p2p_errcode() tells. After a malformed argument,
 * option or variable every call fails with it; something missing fails the calls that need it. Any thread.
 */
DSTACK_P2P_API dstack_p2p *dstack_p2p_new(const char *contract, const char *url);

/** The same with options; NULL means default options. Everything is copied. Any thread. */
DSTACK_P2P_API dstack_p2p *dstack_p2p_new_with_options(const char *contract, const char *url,
                                                       const dstack_p2p_options *options);

/**
 * Stops the monitor, wipes keys and frees the handle. Lists of peers live on. NULL is allowed. Not from
 * the monitor's callback.
 */
DSTACK_P2P_API void dstack_p2p_free(dstack_p2p *sdk);

/** Code of the last call on the handle, as dstack_p2p_code; NULL gives INVALID_ARGUMENT. */
DSTACK_P2P_API int dstack_p2p_errcode(const dstack_p2p *sdk);

/** Its sentence, "" after success. Borrowed from the handle until the next call on it; never NULL. */
DSTACK_P2P_API const char *dstack_p2p_errmsg(const dstack_p2p *sdk);

/**
 * Makes the call that blocks on the handle right now, and every later one, fail with CANCELLED, until
 * dstack_p2p_resume(). A transaction that may have left already is not undone: then the call fails with
 * UNCONFIRMED, and the sentence holds its hash. The monitor, and what it keeps up, are not concerned. Any
 * thread, also a signal handler. NULL is allowed.
 */
DSTACK_P2P_API void dstack_p2p_cancel(dstack_p2p *sdk);

/** Takes dstack_p2p_cancel() back. Any thread. NULL is allowed. */
DSTACK_P2P_API void dstack_p2p_resume(dstack_p2p *sdk);

/* ---- Membership ------------------------------------------------------------------------------------ */

/**
 * Registers this node as a peer with the handle's connection URL, or renews the lease when less than
 * half of it is left. Sends nothing when that is already so: call it every minute to stay registered, or
 * let a monitor run, which keeps the registration up from here on (see dstack_p2p_keep). A transaction of
 * an earlier call, or of a process that was killed, is waited for or replaced, not doubled.
 *
 * Waits for the guest agent (guest_wait_ms), checks its key chain and the contract's conditions before
 * anything is spent, takes turns with other processes that share the wallet, sends a transaction and waits
 * for its receipt. One that is in no block after three is replaced, with both fees raised by 12.5 %, five
 * times at most, within the ceilings. Blocks; dstack_p2p_cancel() ends it.
 *
 * Returns DSTACK_P2P_OK once the contract lists this node with this URL, or why it does not.
 */
DSTACK_P2P_API int dstack_p2p_register(dstack_p2p *sdk);

/**
 * Withdraws this node from the peers; the NFT stays. The monitor keeps the registration up no longer, also
 * when this fails. Sends nothing when it is not registered, unless a registration of this handle, or of an
 * earlier process, may still be on its way.
 * Returns DSTACK_P2P_OK once the contract does not list this node, or why it still may.
 */
DSTACK_P2P_API int dstack_p2p_withdraw(dstack_p2p *sdk);

/**
 * Reads the live peers, this node among them if it is registered. Needs no key and no connection URL. A
 * guest agent that is there is asked for the KMS root that peers are checked against, until it has told;
 * one that is not there is not waited for.
 *
 * Returns a list owned by the caller, to be freed with dstack_p2p_peers_free(); an empty list only when
 * the contract said so; NULL on failure, the reason being on the handle.
 */
DSTACK_P2P_API dstack_p2p_peers *dstack_p2p_get_peers(dstack_p2p *sdk);

/* ---- Identity -------------------------------------------------------------------------------------- */

/**
 * This node's instance id, 40 lowercase hex digits. Asks the guest agent, and waits for it, when it is
 * not known yet; otherwise at once. Borrowed from the handle until it is freed; NULL on failure.
 */
DSTACK_P2P_API const char *dstack_p2p_instance_id(dstack_p2p *sdk);

/** The same for the address of the node's derived key, "0x" and 40 hex digits with EIP-55 checksum. */
DSTACK_P2P_API const char *dstack_p2p_instance_address(dstack_p2p *sdk);

/** The same for the app id, 40 lowercase hex digits. */
DSTACK_P2P_API const char *dstack_p2p_app_id(dstack_p2p *sdk);

/** The same for the KMS root that certified the app's key, as recovered from this node's key chain: "0x" and
 *  40 hex digits with EIP-55 checksum. It is what the contract should trust. */
DSTACK_P2P_API const char *dstack_p2p_kms_root(dstack_p2p *sdk);

/** The same for the address that pays for gas: the private key's, else the instance address. */
DSTACK_P2P_API const char *dstack_p2p_payer_address(dstack_p2p *sdk);

/** The contract's address with EIP-55 checksum; NULL when missing. Borrowed from the handle. */
DSTACK_P2P_API const char *dstack_p2p_contract_address(dstack_p2p *sdk);

/** The connection URL to be published; NULL when missing. Borrowed from the handle. */
DSTACK_P2P_API const char *dstack_p2p_connection_url(dstack_p2p *sdk);

/** The chain id, as configured or answered by the node; 0 while unknown. Any thread. */
DSTACK_P2P_API uint64_t dstack_p2p_chain_id(const dstack_p2p *sdk);

/* ---- Peers ----------------------------------------------------------------------------------------- */

/** A peer. Later versions may append members: use the pointers as given, never copies of the struct. */
typedef struct dstack_p2p_peer {
    const char *instance_id;      /**< 40 lowercase hex digits */
    const char *connection_url;   /**< 1 to 256 bytes 0x21 to 0x7e; chosen by the peer: not trusted input */
    const char *instance_address; /**< "0x" and 40 hex digits, EIP-55: the peer's derived key */
    uint64_t registered_at;       /**< start of its uninterrupted membership */
    uint64_t expires_at;          /**< end of its lease; 0 = never */
    bool is_self;                 /**< this node; false while the handle does not know its instance id */
} dstack_p2p_peer;

/** Number of peers; 0 for NULL. Any thread. */
DSTACK_P2P_API size_t dstack_p2p_peers_count(const dstack_p2p_peers *peers);

/**
 * The peer at an index below count, ordered by (registered_at, instance_id); NULL beyond. Borrowed from
 * the list. Any thread.
 */
DSTACK_P2P_API const dstack_p2p_peer *dstack_p2p_peers_at(const dstack_p2p_peers *peers, size_t index);

/** The membership version the list was read at: equal versions, equal membership, but for leases that have
 *  ended meanwhile, and for peers that are left out, or kept until a second node agrees. Any thread. */
DSTACK_P2P_API uint64_t dstack_p2p_peers_version(const dstack_p2p_peers *peers);

/** Number of the block the list is known to be at least as new as. Any thread. */
DSTACK_P2P_API uint64_t dstack_p2p_peers_block_number(const dstack_p2p_peers *peers);

/** Time of that block. Any thread. */
DSTACK_P2P_API uint64_t dstack_p2p_peers_block_time(const dstack_p2p_peers *peers);

/** Milliseconds since the node answered with this list. Any thread. */
DSTACK_P2P_API uint64_t dstack_p2p_peers_age_ms(const dstack_p2p_peers *peers);

/** Another reference to the same list, owned by the caller: keeps a callback's list. Any thread. */
DSTACK_P2P_API dstack_p2p_peers *dstack_p2p_peers_ref(const dstack_p2p_peers *peers);

/** Gives up a reference; the last one frees the list. NULL is allowed. Any thread. */
DSTACK_P2P_API void dstack_p2p_peers_free(dstack_p2p_peers *peers);

/* ---- Monitor --------------------------------------------------------------------------------------- */

/** Later versions add kinds: ignore what you do not know. */
typedef enum dstack_p2p_change_kind {
    DSTACK_P2P_SNAPSHOT = 0, /**< the first list; peer and previous are NULL */
    DSTACK_P2P_JOINED = 1,   /**< peer is new */
    DSTACK_P2P_LEFT = 2,     /**< peer, as last known, is gone: withdrawn, removed or expired */
    DSTACK_P2P_CHANGED = 3,  /**< peer has another URL, address or start of membership than previous */
    DSTACK_P2P_CHANGE_RESERVED = 0x7fffffff
} dstack_p2p_change_kind;

/** A change. Later versions may append members. */
typedef struct dstack_p2p_change {
    dstack_p2p_change_kind kind;
    const dstack_p2p_peer *peer;
    const dstack_p2p_peer *previous; /**< CHANGED only */
} dstack_p2p_change;

/**
 * Called once with the first list, then once per change, with the whole new list (which already holds
 * all changes of the same reading). One call at a time, in the monitor's thread. `change` and `peers`
 * are borrowed for the duration of the call; dstack_p2p_peers_ref() keeps the list. The callback may
 * call dstack_p2p_monitor_stop(), _cancel(), _status() and _peers(), and nothing else on the handle. It
 * must not wait for a lock that is held around dstack_p2p_monitor_stop(), which waits for it.
 */
typedef void (*dstack_p2p_monitor_fn)(void *context, const dstack_p2p_change *change,
                                      const dstack_p2p_peers *peers);

/**
 * The bounds of dstack_p2p_status.rpc_within, in milliseconds, as an initialiser: {5, 10, ..., 10000}.
 */
#define DSTACK_P2P_RPC_BOUNDS_MS {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000}
#define DSTACK_P2P_RPC_BOUNDS 11

/** State of the monitor. Later versions use the reserved part. */
typedef struct dstack_p2p_status {
    bool running;            /**< the thread is watching */
    int code;                /**< dstack_p2p_code of the last reading; 0 = it went well */
    uint32_t failures;       /**< readings failed in a row */
    uint32_t peers;          /**< number of peers in the last list */
    uint64_t version;        /**< membership version of the last list */
    uint64_t block_number;   /**< block of the last reading that went well */
    uint64_t block_time;     /**< its time */
    uint64_t age_ms;         /**< since the last reading that went well; UINT64_MAX = none yet */
    char transport[16];      /**< how changes are noticed: "poll" or "subscription" */
    char message[256];       /**< sentence to code; "" when 0 */
    bool registered;         /**< the last list holds this node, with whatever URL */
    bool checked;            /**< all peers of the last list were checked against their evidence */
    bool keeping;            /**< the monitor looks after this node's registration */
    uint32_t left_out;       /**< peers that the contract lists, and whose evidence does not hold */
    uint64_t lease_expires_at; /**< end of this node's lease; 0 = never, or not registered */
    int keep_code;           /**< dstack_p2p_code of the last try to keep it up; 0 = it went well */
    char keep_message[256];  /**< sentence to keep_code; "" when 0 */

    /* All HTTP requests to the nodes since the handle was made, by whichever of its threads, repetitions
     * included. A request may hold many calls, and counts once it is over; messages on a WebSocket are none.
     * They only ever grow. rpc_within[i] <= rpc_within[i + 1] <= rpc_requests at any time. */
    uint64_t rpc_requests;
    uint64_t rpc_failures; /**< of them: not answered, or with something that answers none of its calls */
    uint64_t rpc_time_us;  /**< how long they took altogether, in microseconds */
    uint64_t rpc_within[DSTACK_P2P_RPC_BOUNDS]; /**< how many took at most DSTACK_P2P_RPC_BOUNDS_MS[i] */
    uint64_t changes;      /**< that the monitor found since it was started first: joined, left and changed */
    uint64_t reserved[49];
} dstack_p2p_status;

/**
 * Starts watching in a thread of its own. It never gives up: while the node cannot be asked the last
 * list stays, and the status says how old it is and why. A node that is behind what was seen already
 * changes nothing (RPC_ANSWER); nor does one whose chain has another history, such as a development chain
 * that was started anew (WRONG_CHAIN): to accept that, start the monitor again, without the cache file.
 * With a cache file the first list may be that of an earlier run.
 *
 * Unless options.keep says otherwise a second thread keeps this node's registration up, from a
 * dstack_p2p_register() that succeeded, or left a transaction on its way (UNCONFIRMED), until
 * dstack_p2p_withdraw(). All signals but those of faults are blocked in the threads.
 *
 * callback  may be NULL: changes then show on the descriptor only
 *
 * Returns DSTACK_P2P_OK, STATE when a monitor runs already, SYSTEM or NO_MEMORY, or the handle's
 * configuration error. Does not wait for the first reading.
 */
DSTACK_P2P_API int dstack_p2p_monitor_start(dstack_p2p *sdk, dstack_p2p_monitor_fn callback, void *context);

/**
 * Stops watching, and keeping the registration up: no callback starts after it returns; a transaction that
 * is on its way stays so. Waits for the threads, except inside the callback, where it does what cancel does.
 * Any thread. DSTACK_P2P_OK also when nothing runs.
 */
DSTACK_P2P_API int dstack_p2p_monitor_stop(dstack_p2p *sdk);

/** Asks the monitor to stop, without waiting. Any thread, also a signal handler. NULL is allowed. */
DSTACK_P2P_API void dstack_p2p_monitor_cancel(dstack_p2p *sdk);

/**
 * A descriptor for poll(), readable while there is a first list, or one with changes, that
 * dstack_p2p_monitor_peers() has not returned yet. Do not read from it or close it. Borrowed from the handle
 * until it is freed; -1 for NULL. Any thread.
 */
DSTACK_P2P_API int dstack_p2p_monitor_fd(const dstack_p2p *sdk);

/**
 * The monitor's last list, owned by the caller; NULL before the first reading. Makes the descriptor
 * unreadable until the next change. Leaves the handle's error alone. Any thread.
 */
DSTACK_P2P_API dstack_p2p_peers *dstack_p2p_monitor_peers(dstack_p2p *sdk);

/** Fills in the monitor's state. Returns DSTACK_P2P_OK, or INVALID_ARGUMENT for NULL. Any thread. */
DSTACK_P2P_API int dstack_p2p_monitor_status(dstack_p2p *sdk, dstack_p2p_status *status);

#ifdef __cplusplus
}
#endif

#endif
