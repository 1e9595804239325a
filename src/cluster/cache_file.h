/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_CACHE_FILE_H
#define CLUSTER_CACHE_FILE_H

#include "cluster/history.h"
#include "cluster/list.h"

/*
 * A list of peers in a file, for the time between a restart and the node's first answer. Lines of text: chain
 * and contract that it is of, block, version, whether the peers' evidence was checked, a line per peer, and a
 * checksum over all of it, which shows damage, and no forgery.
 */

/** What the list is of. */
typedef struct cluster_cache {
    uint64_t chain_id;
    uint8_t contract20[20];
    bool has_genesis;
    uint8_t genesis32[32]; /**< hash of the chain's first block */
} cluster_cache;

/**
 * Writes the list, in the file's place when all of it is on disk: whoever reads finds the old or the new one.
 * `wall_s` is the time of the list by the system's clock, seconds since 1970. SYSTEM says what failed.
 *
 * The file is readable by its owner alone. A symbolic link at the path is replaced itself; what it points to
 * is not written to. A process that is killed meanwhile may leave a file with ".XXXXXX" behind the name, and
 * the old one in its place.
 */
int cluster_cache_save(const char *path, const cluster_cache *about, const dstack_p2p_peers *list,
                       uint64_t wall_s, base_error *error);

/**
 * Reads a list, with one reference, of the chain and contract in `about`; fills in the rest of it and when
 * the list was saved. NULL without an error when there is no file; with CONFIG when it is another chain's or
 * contract's, malformed, damaged or no regular file, and with SYSTEM when it cannot be read. A symbolic link
 * is followed. `self20` may be NULL.
 */
dstack_p2p_peers *cluster_cache_load(const char *path, const base_clock *clock, const uint8_t *self20,
                                     cluster_cache *about, uint64_t *wall_s, base_error *error);

#endif
