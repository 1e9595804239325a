/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* pread, pwrite */
#include "cluster/wallet.h"

#include "base/file_lock.h"
#include "base/hex.h"
#include "cluster/sdk.h"
#include "cluster/state_dir.h"
#include "eth/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_TEXT = 96, MARK_TEXT = 24 };

static int open_file(const cluster_session *session, const char *kind)
{
    char name[NAME_TEXT], payer[41];
    base_hex_encode(session->books.payer20, 20, payer);
    snprintf(name, sizeof name, "%llu-%s.%s", (unsigned long long)atomic_load(&session->sdk->chain_id), payer,
             kind);
    return cluster_state_lock_file(session->books.dir_fd, name);
}

/* 0 when there is none, or none that can be read. */
static uint64_t read_mark(int fd)
{
    char text[MARK_TEXT] = "";
    if (pread(fd, text, sizeof text - 1, 0) <= 0) return 0;
    return strtoull(text, NULL, 10);
}

void cluster_wallet_mark(cluster_session *session, uint64_t nonce)
{
    char text[MARK_TEXT];
    if (!session->books.has_wallet) return;
    int len = snprintf(text, sizeof text, "%020llu\n", (unsigned long long)nonce + 1);
    if (pwrite(session->books.wallet_fd, text, (size_t)len, 0) != len)
        base_log_write(&session->sdk->config.log, DSTACK_P2P_LOG_WARNING,
                       "the mark of the wallet's lock cannot be written: %s", strerror(errno));
}

/* In the queue, so that whoever has the lock knows. */
static base_lock_result wait_in_queue(const cluster_session *session, uint64_t end_ms)
{
    const cluster_books *books = &session->books;
    base_file_try_lock(books->queue_fd, true);
    base_lock_result result =
        base_file_lock(books->wallet_fd, session->sdk->clock, session->cancel_fd, end_ms);
    base_file_unlock(books->queue_fd);
    return result;
}

static int not_taken(cluster_session *session, base_lock_result result, base_error *error)
{
    char payer[43];
    cluster_wallet_give(session);
    eth_address_format(session->books.payer20, payer);
    if (result == BASE_LOCK_CANCELLED)
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for the wallet");
    return base_fail(error, DSTACK_P2P_ERR_SYSTEM,
                     "other processes have kept the wallet %s busy for %u ms; nothing was sent", payer,
                     session->sdk->config.confirm_timeout_ms);
}

int cluster_wallet_take(cluster_session *session, uint64_t nonce, uint64_t end_ms, bool *changed,
                        base_error *error)
{
    cluster_books *books = &session->books;
    if (books->has_wallet || !books->open || books->dir_fd < 0) return 0;
    books->wallet_fd = open_file(session, "wallet");
    books->queue_fd = open_file(session, "queue");
    if (books->wallet_fd < 0 || books->queue_fd < 0) {
        base_fail(error, DSTACK_P2P_ERR_SYSTEM, "the wallet's lock in the state directory: %s",
                  strerror(errno));
        cluster_wallet_give(session);
        return error->code;
    }
    base_lock_result result = BASE_LOCKED;
    bool waits = !base_file_try_lock(books->wallet_fd, false);
    if (waits) result = wait_in_queue(session, end_ms);
    if (result != BASE_LOCKED) return not_taken(session, result, error);
    books->has_wallet = true;
    *changed = waits || read_mark(books->wallet_fd) > nonce;
    return 0;
}

bool cluster_wallet_is_wanted(const cluster_session *session)
{
    const cluster_books *books = &session->books;
    if (!books->has_wallet) return false;
    if (!base_file_try_lock(books->queue_fd, false)) return true;
    base_file_unlock(books->queue_fd);
    return false;
}

void cluster_wallet_give(cluster_session *session)
{
    cluster_books *books = &session->books;
    if (books->wallet_fd >= 0) close(books->wallet_fd);
    if (books->queue_fd >= 0) close(books->queue_fd);
    books->wallet_fd = books->queue_fd = -1;
    books->has_wallet = false;
}
