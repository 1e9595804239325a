/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_STATE_DIR_H
#define CLUSTER_STATE_DIR_H

#include "base/buf.h"
#include "cluster/config.h"

/*
 * The directory for what several processes with one wallet, and one process after another, have to know of
 * each other's transactions. Small files, each replaced as a whole.
 */

/**
 * Opens the directory, which is made if missing, for its owner alone. -1 with CONFIG when it is one that
 * others could have put there or can write in, or a given one that cannot be had; -1 with SYSTEM otherwise,
 * and then cluster_state_is_needed() tells from errno.
 */
int cluster_state_dir_open(const cluster_config *config, base_error *error);

/**
 * Whether a failure with this errno is one of the moment, or of a directory that was asked for. If not, as on
 * a read-only file system, there never will be such a directory, and all has to work without.
 */
bool cluster_state_is_needed(const cluster_config *config, int why);

/** Opens a file in it for locking, made if missing; -1, with errno, when the system refuses. */
int cluster_state_lock_file(int dir_fd, const char *name);

/** Appends a file's content; false when there is none, it is no file of the user's, or it exceeds the buffer.
 */
bool cluster_state_read(int dir_fd, const char *name, base_buf *out);

/** Replaces a file at once by one with this content, durably; false, with errno, when that failed. */
bool cluster_state_write(int dir_fd, const char *name, const void *data, size_t len);

#endif
