/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_AUDIT_H
#define CLI_VERIFY_AUDIT_H

#include "cli/run.h"
#include "cluster/config.h"
#include "registry/evidence.h"

/*
 * An audit: what a contract lists, as a node says, and the evidence behind each peer with which anybody can
 * check it again, without the node. Of a peer its instance id, address, URL, app and app key are proven when
 * its evidence holds; the times of its membership, and where its event is, are always the node's word.
 */

/** Where the KMS root came from that an audit was checked against. */
typedef enum cli_audit_source {
    CLI_AUDIT_OPTION,
    CLI_AUDIT_GUEST,
    CLI_AUDIT_CONTRACT, /**< the node's word */
    CLI_AUDIT_SOURCES
} cli_audit_source;

typedef struct cli_audit_peer {
    /** Instance, address and URL are as listed; the rest is there if has_event. The last one found that names
     *  the peer so, or the one that holds. */
    registry_event event;
    bool has_event, has_anchor;
    uint8_t anchor_hash32[32];
    uint64_t registered_at, expires_at;
    registry_verdict verdict;
} cli_audit_peer;

/** Numbers of the node's that are beyond INT64_MAX, which JSON has no room for, are written as that. */
typedef struct cli_audit {
    uint64_t chain_id;
    uint8_t contract20[20], kms_root20[20];
    uint8_t contract_root20[20]; /**< the contract's own kmsRootAddress, the node's word */
    cli_audit_source source;
    uint8_t app_ids20[CLUSTER_APPS_MAX][20];
    size_t app_count; /**< 0 = any */
    uint64_t block_number, block_time;
    uint8_t block_hash32[32];
    cli_audit_peer *peers;
    size_t count, proven;
} cli_audit;

void cli_audit_free(cli_audit *audit);

/** Checks all peers' evidence against the audit's chain, contract, root and apps. */
void cli_audit_judge(cli_audit *audit);

/** The KMS root that certified a peer's app key; false when it has no event, or that no signature. */
bool cli_audit_peer_root(const cli_audit_peer *peer, uint8_t root20[static 20]);

/** The app key and the app id in an event. Borrowed from it. */
const uint8_t *cli_audit_app_key(const cli_audit_peer *peer);
const uint8_t *cli_audit_app_id(const cli_audit_peer *peer);

/** "proven", "no_event", ... and "option", "guest_agent", "contract": as in JSON. NULL beyond the last. */
const char *cli_audit_verdict_name(registry_verdict verdict);
const char *cli_audit_source_name(cli_audit_source source);

/** The document; NULL when memory is exhausted. */
json_t *cli_audit_write(const cli_audit *audit);

/**
 * Reads a document of anybody's, and judges it. INVALID_ARGUMENT with the peer's index and the field when it
 * is not as cli_audit_write() makes them, or when what it says of itself is not what its evidence says. To be
 * freed also then.
 */
int cli_audit_read(const char *text, size_t len, cli_audit *audit, base_error *error);

#endif
