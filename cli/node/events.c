/* SPDX-License-Identifier: MIT */
#include "cli/node/events.h"

#include "base/error.h"
#include "cli/node/peers_json.h"
#include "cli/node/sidecar.h"
#include "cli/node/times.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SENTENCE_MAX = 1024 };

/* The monitor's thread has things to say as well, and one of them takes the room that was there for the
 * other. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Takes over the line, or says the sentence. */
static void put(const cli_run *run, json_t *line, const char *sentence)
{
    pthread_mutex_lock(&lock);
    if (!cli_has_room(run->json ? STDOUT_FILENO : STDERR_FILENO))
        json_decref(line);
    else if (run->json)
        (void)cli_print_json_line(run, line); /* nobody may read it; that is no reason to end */
    else
        fprintf(stderr, "dstack-p2p: %s\n", sentence);
    pthread_mutex_unlock(&lock);
}

void node_event(const cli_run *run, const char *kind, json_t *fields, const char *format, ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(sentence, sizeof sentence, format, arguments) < 0) *sentence = '\0';
    va_end(arguments);
    base_sanitize(sentence);
    if (!run->json) {
        json_decref(fields);
        put(run, NULL, sentence);
        return;
    }
    json_t *line = json_pack("{ss sI ss}", "kind", kind, "time", (json_int_t)time(NULL), "message", sentence);
    if (fields) json_object_update(line, fields);
    json_decref(fields);
    put(run, line, sentence);
}

/* ---- Peers ---- */

static json_t *change_json(const dstack_p2p_change *change, size_t count)
{
    json_t *fields = json_pack("{sI so*}", "count", (json_int_t)count, "peer",
                               change->peer ? node_peer_json(change->peer) : NULL);
    if (change->previous) json_object_set_new(fields, "previous", node_peer_json(change->previous));
    return fields;
}

static void tell_change(const cli_run *run, const dstack_p2p_change *change, size_t count)
{
    static const char *const names[] = {"snapshot", "joined", "left", "changed"};
    const char *name = names[change->kind];
    const dstack_p2p_peer *peer = change->peer;
    json_t *fields = run->json ? change_json(change, count) : NULL;
    if (!peer)
        node_event(run, name, fields, "watching: %zu in the cluster", count);
    else if (change->previous)
        node_event(run, name, fields, "%s %s: %s, before %s (%zu in the cluster)",
                   peer->is_self ? "this node" : "peer", name, peer->connection_url,
                   change->previous->connection_url, count);
    else
        node_event(run, name, fields, "%s %s: %s (%zu in the cluster)", peer->is_self ? "this node" : "peer",
                   name, peer->connection_url, count);
}

static bool holds_self(const dstack_p2p_peers *list, const char *url)
{
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        if (peer->is_self) return !strcmp(peer->connection_url, url);
    }
    return false;
}

void node_on_change(void *context, const dstack_p2p_change *change, const dstack_p2p_peers *list)
{
    node_sidecar *self = context;
    if (change->kind > DSTACK_P2P_CHANGED) return; /* a later library's */
    if (change->kind == DSTACK_P2P_SNAPSHOT || change->peer->is_self) {
        pthread_mutex_lock(&self->lock);
        self->listed = holds_self(list, self->url);
        pthread_mutex_unlock(&self->lock);
    }
    tell_change(self->run, change, dstack_p2p_peers_count(list));
}

/* ---- Registration ---- */

static void tell_lease(const cli_run *run, const dstack_p2p_status *status, node_said *said)
{
    char left[NODE_TIME_TEXT];
    uint64_t expires_at = status->registered ? status->lease_expires_at : 0;
    if (said->lease_expires_at && expires_at > said->lease_expires_at) {
        node_duration(expires_at, status->block_time, left);
        node_event(run, "renewed", json_pack("{sI}", "expires_at", (json_int_t)expires_at),
                   "renewed: the lease ends in %s", left);
    }
    said->lease_expires_at = expires_at;
}

static void tell_code(const cli_run *run, const char *event, const char *what, int code, const char *message,
                      int *said)
{
    if (code == *said) return;
    if (code)
        node_event(run, "problem",
                   json_pack("{ss si ss}", "of", event, "code", code, "name", dstack_p2p_code_name(code)),
                   "%s: %s", what, message);
    else
        node_event(run, "recovered", json_pack("{ss}", "of", event), "%s: it works again", what);
    *said = code;
}

void node_tell_status(const cli_run *run, const dstack_p2p_status *status, node_said *said)
{
    tell_lease(run, status, said);
    tell_code(run, "reading", "reading the contract", status->code, status->message, &said->code);
    tell_code(run, "keeping", "keeping the registration up", status->keep_code, status->keep_message,
              &said->keep_code);
}
