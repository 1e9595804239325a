/* SPDX-License-Identifier: MIT */
#include "cluster/books.h"

#include "base/file_lock.h"
#include "base/hex.h"
#include "cluster/journal.h"
#include "cluster/sdk.h"
#include "cluster/state_dir.h"
#include "cluster/wallet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAME_TEXT = 192 };

static cluster_journal_owner owner_of(const dstack_p2p *sdk)
{
    cluster_journal_owner owner = {.chain_id = atomic_load(&sdk->chain_id)};
    memcpy(owner.contract20, sdk->config.contract20, 20);
    memcpy(owner.payer20, sdk->identity.payer20, 20);
    memcpy(owner.instance20, sdk->identity.instance20, 20);
    return owner;
}

static void file_name(const dstack_p2p *sdk, const char *kind, char name[static NAME_TEXT])
{
    char contract[41], payer[41];
    base_hex_encode(sdk->config.contract20, 20, contract);
    base_hex_encode(sdk->identity.payer20, 20, payer);
    snprintf(name, NAME_TEXT, "%llu-%s-%s-%s.%s", (unsigned long long)atomic_load(&sdk->chain_id), contract,
             sdk->identity.instance_text, payer, kind);
}

static cluster_journal_time time_of(const dstack_p2p *sdk)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (cluster_journal_time){.monotonic_ms = base_now_ms(sdk->clock),
                                  .wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000};
}

/* Takes over the journal if it knows more than this process; whether it did. */
static bool load(dstack_p2p *sdk, int dir_fd)
{
    char name[NAME_TEXT];
    cluster_ledger found = {0};
    base_buf data = base_buf_make(CLUSTER_JOURNAL_MAX);
    cluster_journal_owner owner = owner_of(sdk);
    cluster_journal_time now = time_of(sdk);
    file_name(sdk, "journal", name);
    if (cluster_state_read(dir_fd, name, &data)) {
        const char *wrong = cluster_journal_read(data.data, data.len, &owner, &now, &found);
        if (wrong)
            base_log_write(&sdk->config.log, DSTACK_P2P_LOG_WARNING,
                           "the journal of earlier transactions, %s, is ignored: %s", name, wrong);
    }
    base_buf_free(&data);
    if (found.generation <= sdk->ledger.generation) return false;
    sdk->ledger = found;
    return true;
}

static void do_without(dstack_p2p *sdk, const base_error *why)
{
    if (sdk->warned_of_state_dir) return;
    sdk->warned_of_state_dir = true;
    base_log_write(
        &sdk->config.log, DSTACK_P2P_LOG_WARNING,
        "several processes with one wallet may hinder each other, and after a kill nothing is known "
        "of a transaction on its way: %s",
        why->text);
}

/* Waits for another process with the same instance. */
static int take_lock(cluster_session *session, uint64_t end_ms, bool *changed, base_error *error)
{
    char name[NAME_TEXT];
    cluster_books *books = &session->books;
    file_name(session->sdk, "lock", name);
    books->lock_fd = cluster_state_lock_file(books->dir_fd, name);
    if (books->lock_fd < 0)
        return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "the lock %s in the state directory: %s", name,
                         strerror(errno));
    if (base_file_try_lock(books->lock_fd, false)) return 0;
    switch (base_file_lock(books->lock_fd, session->sdk->clock, session->cancel_fd, end_ms)) {
    case BASE_LOCKED:
        *changed = true;
        return 0;
    case BASE_LOCK_CANCELLED:
        return base_fail(error, DSTACK_P2P_ERR_CANCELLED,
                         "cancelled while waiting for another process with this instance");
    default:
        return base_fail(error, DSTACK_P2P_ERR_SYSTEM,
                         "another process is busy registering this instance; nothing was sent");
    }
}

/* `*needed` is false when there is no directory to be had here, and it is done without. */
static int open_dir(cluster_session *session, bool *needed, base_error *error)
{
    const cluster_config *config = &session->sdk->config;
    *needed = true;
    if ((session->books.dir_fd = cluster_state_dir_open(config, error)) < 0)
        *needed = error->code != DSTACK_P2P_ERR_SYSTEM || cluster_state_is_needed(config, errno);
    return error->code;
}

/* Opens the directory and takes the instance's lock in it. */
static int open_files(cluster_session *session, uint64_t end_ms, bool *changed, bool *needed,
                      base_error *error)
{
    if (open_dir(session, needed, error)) return error->code;
    if (take_lock(session, end_ms, changed, error) && session->books.lock_fd < 0)
        *needed = cluster_state_is_needed(&session->sdk->config, errno);
    return error->code;
}

static void open_none(cluster_books *books, const uint8_t payer20[static 20])
{
    *books = (cluster_books){.open = true, .dir_fd = -1, .lock_fd = -1, .wallet_fd = -1, .queue_fd = -1};
    memcpy(books->payer20, payer20, 20);
}

/* Goes on without the directory, unless it is needed. */
static int manage_without(cluster_session *session, bool needed, const base_error *problem, base_error *error)
{
    cluster_books *books = &session->books;
    if (needed) return base_fail(error, problem->code, "%s", problem->text);
    do_without(session->sdk, problem);
    if (books->dir_fd >= 0) close(books->dir_fd);
    books->dir_fd = -1;
    return 0;
}

int cluster_books_open(cluster_session *session, uint64_t end_ms, bool *changed, base_error *error)
{
    bool needed;
    base_error problem = {0};
    cluster_books *books = &session->books;
    open_none(books, session->sdk->identity.payer20);
    if (open_files(session, end_ms, changed, &needed, &problem))
        return manage_without(session, needed, &problem, error);
    if (load(session->sdk, books->dir_fd)) *changed |= session->sdk->ledger.live;
    return 0;
}

int cluster_books_open_wallet(cluster_session *session, const uint8_t payer20[static 20], base_error *error)
{
    bool needed;
    base_error problem = {0};
    open_none(&session->books, payer20);
    if (!open_dir(session, &needed, &problem)) return 0;
    return manage_without(session, needed, &problem, error);
}

void cluster_books_save(cluster_session *session)
{
    char name[NAME_TEXT];
    dstack_p2p *sdk = session->sdk;
    base_buf data = base_buf_make(CLUSTER_JOURNAL_MAX);
    cluster_journal_owner owner = owner_of(sdk);
    cluster_journal_time now = time_of(sdk);
    if (!session->books.open || session->books.dir_fd < 0) return;
    file_name(sdk, "journal", name);
    sdk->ledger.generation++;
    cluster_journal_write(&data, &owner, &sdk->ledger, &now);
    if (base_buf_failed(&data) || !cluster_state_write(session->books.dir_fd, name, data.data, data.len))
        base_log_write(
            &sdk->config.log, DSTACK_P2P_LOG_WARNING,
            "the journal %s cannot be written (%s): a process that takes over will not know of this "
            "transaction",
            name, strerror(errno));
    base_buf_free(&data);
}

static void close_file(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void cluster_books_close(cluster_session *session)
{
    cluster_books *books = &session->books;
    if (!books->open) return;
    cluster_wallet_give(session);
    close_file(&books->lock_fd);
    close_file(&books->dir_fd);
    books->open = false;
}
