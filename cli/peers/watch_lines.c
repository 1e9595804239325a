/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* PIPE_BUF */
#include "cli/peers/watch.h"

#include "cli/peers/document.h"
#include "cli/peers/signals.h"
#include "cluster/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIME_TEXT = 32 };

/* ---- Writing ---- */

/* No more at a time than a pipe that has room takes at once. */
int watch_put(const watch *it, const char *text, size_t len)
{
    while (len > 0) {
        if (!peers_signals_wait(STDOUT_FILENO, POLLOUT, UINT64_MAX)) {
            if (peers_signals_count()) return CLI_OK;
            continue;
        }
        ssize_t put = write(STDOUT_FILENO, text, len < PIPE_BUF ? len : PIPE_BUF);
        if (put < 0 && errno == EPIPE) return CLI_OUTPUT; /* who reads no further, knows */
        if (put < 0 && errno != EINTR && errno != EAGAIN)
            return cli_fail(it->settings.run, CLI_OUTPUT, "the output cannot be written: %s",
                            strerror(errno));
        if (put > 0) text += put, len -= (size_t)put;
    }
    return CLI_OK;
}

/* ---- Lines of text ---- */

static const char *now_text(char text[static TIME_TEXT])
{
    struct tm parts;
    time_t now = time(NULL);
    if (!gmtime_r(&now, &parts) || !strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts)) *text = '\0';
    return text;
}

static const char *kind_name(dstack_p2p_change_kind kind)
{
    static const char *const names[] = {"present", "joined", "left", "changed"};
    return names[kind <= DSTACK_P2P_CHANGED ? kind : DSTACK_P2P_SNAPSHOT];
}

/* Columns for people, tabs for programs. */
static void add_line(base_buf *out, dstack_p2p_change_kind kind, const dstack_p2p_peer *peer,
                     const dstack_p2p_peer *previous)
{
    static const char *const colours[] = {"", "\033[32m", "\033[31m", "\033[33m"};
    char time[TIME_TEXT];
    bool is_terminal = cli_is_terminal(STDOUT_FILENO);
    bool moved = previous && strcmp(previous->connection_url, peer->connection_url);
    const char *colour = cli_may_colour(STDOUT_FILENO) && kind <= DSTACK_P2P_CHANGED ? colours[kind] : "";
    base_buf_printf(out, is_terminal ? "%s  %s%-7s%s  %s  %s" : "%s\t%s%s%s\t%s\t%s", now_text(time), colour,
                    kind_name(kind), *colour ? "\033[0m" : "", peer->instance_id, peer->connection_url);
    if (moved) base_buf_printf(out, is_terminal ? "  (was %s)" : "\t%s", previous->connection_url);
    base_buf_puts(out, "\n");
}

/* ---- Lines of JSON ---- */

static void add_json_snapshot(base_buf *out, const peers_selection *selection)
{
    base_buf_printf(out, "{\"kind\": \"snapshot\", \"time\": %" PRIu64 ", ", (uint64_t)time(NULL));
    peers_document_members(out, selection, false, NULL);
    base_buf_puts(out, "}\n");
}

static void add_json_change(base_buf *out, const dstack_p2p_change *change, const peers_selection *selection)
{
    base_buf_printf(out,
                    "{\"kind\": \"%s\", \"time\": %" PRIu64 ", \"version\": %" PRIu64 ", \"block\": %" PRIu64
                    ", \"count\": %zu, \"peer\": ",
                    kind_name(change->kind), (uint64_t)time(NULL), dstack_p2p_peers_version(selection->list),
                    dstack_p2p_peers_block_number(selection->list), selection->count);
    peers_document_peer(out, change->peer);
    base_buf_puts(out, ", \"previous\": ");
    peers_document_peer(out, change->previous);
    base_buf_puts(out, "}\n");
}

/* ---- Both ---- */

static void add_snapshot(const watch *it, base_buf *out, const peers_selection *selection)
{
    if (it->settings.run->json) {
        add_json_snapshot(out, selection);
        return;
    }
    for (size_t i = 0; i < selection->count; i++)
        add_line(out, DSTACK_P2P_SNAPSHOT, selection->peers[i], NULL);
}

/* False when memory is exhausted. */
static bool add_changes(const watch *it, base_buf *out, const dstack_p2p_peers *before,
                        const peers_selection *selection, size_t *shown)
{
    size_t count;
    dstack_p2p_change *changes = cluster_changes(before, selection->list, &count);
    for (size_t i = 0; i < count && changes; i++) {
        const dstack_p2p_change *change = &changes[i];
        if (it->settings.others_only && change->peer->is_self) continue;
        ++*shown;
        if (it->settings.run->json)
            add_json_change(out, change, selection);
        else
            add_line(out, change->kind, change->peer, change->previous);
    }
    free(changes);
    return changes;
}

int watch_print(const watch *it, const dstack_p2p_peers *before, const dstack_p2p_peers *after,
                size_t *changes)
{
    peers_selection selection;
    base_buf out = base_buf_make(PEERS_DOCUMENT_MAX);
    *changes = 0;
    bool went = peers_select(&selection, after, it->settings.others_only);
    if (went && before)
        went = add_changes(it, &out, before, &selection, changes);
    else if (went)
        add_snapshot(it, &out, &selection);
    int status = CLI_OK;
    if (!went || base_buf_failed(&out))
        status = cli_fail(it->settings.run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (!it->settings.output || strcmp(it->settings.output, "-"))
        status = watch_put(it, out.data, out.len);
    peers_selection_free(&selection);
    base_buf_free(&out);
    return status;
}
