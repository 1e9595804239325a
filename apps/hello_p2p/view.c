/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

json_t *view_hello(hello_node *self, const char *from, unsigned *status)
{
    char message[64];
    pthread_mutex_lock(&self->lock);
    bool known = self->instance_id[0];
    size_t count = self->others.count;
    if (from && peers_is_id(from)) peers_heard(&self->others, from, (int64_t)time(NULL));
    self->counts.received += known;
    snprintf(message, sizeof message, "Hello from %s!", self->instance_id);
    pthread_mutex_unlock(&self->lock);
    *status = known ? 200 : 503;
    if (!known) return json_pack("{ss}", "error", "the instance id is not known yet");
    return json_pack("{sssIsI}", "message", message, "timestamp", (json_int_t)time(NULL), "peers_known",
                     (json_int_t)count);
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

json_t *view_info(hello_node *self, unsigned *status)
{
    *status = 200;
    json_int_t uptime = (json_int_t)((node_now_ms() - self->started_ms) / 1000);
    pthread_mutex_lock(&self->lock);
    json_t *answer =
        json_pack("{so so sI sI so sI sb}", "instance_id", text_or_null(self->instance_id), "connection_url",
                  text_or_null(self->url), "peers_count", (json_int_t)self->others.count, "uptime", uptime,
                  "contract", text_or_null(self->contract), "chain_id", (json_int_t)self->chain_id,
                  "registered", self->registered && self->listed);
    pthread_mutex_unlock(&self->lock);
    return answer;
}

static json_t *time_or_null(int64_t at)
{
    return at > 0 ? json_integer(at) : json_null();
}

static json_t *number_or_null(int64_t number)
{
    return number >= 0 ? json_integer(number) : json_null();
}

json_t *view_peer(const hello_peer *item)
{
    json_t *view =
        json_pack("{ss ss so so}", "connection_url", item->url, "instance_id", item->id, "last_contact",
                  time_or_null(item->last_contact), "greeted_us_at", time_or_null(item->greeted_us_at));
    if (item->message)
        json_object_set_new(view, "response",
                            json_pack("{ss so so}", "message", item->message, "timestamp",
                                      number_or_null(item->timestamp), "peers_known",
                                      number_or_null(item->peers_known)));
    if (item->error) json_object_set_new(view, "error", json_string(item->error));
    return view;
}

json_t *view_peers(hello_node *self, unsigned *status)
{
    *status = 200;
    json_t *urls = json_array(), *details = json_array();
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->others.count; i++) {
        json_array_append_new(urls, json_string(self->others.items[i]->url));
        json_array_append_new(details, view_peer(self->others.items[i]));
    }
    pthread_mutex_unlock(&self->lock);
    return json_pack("{so so}", "peers", urls, "peer_info", details);
}

bool view_is_healthy(hello_node *self, char *reason, size_t size)
{
    dstack_p2p_status status;
    *reason = '\0';
    if (!self->registered) {
        snprintf(reason, size, "not registered: %s", self->reason);
        return false;
    }
    if (!self->watched || dstack_p2p_monitor_status(self->watched, &status)) {
        snprintf(reason, size, "not watching the contract yet");
        return false;
    }
    if (status.age_ms == UINT64_MAX) {
        snprintf(reason, size, "the contract has not been read yet%s%s", status.code ? ": " : "",
                 status.message);
    } else if (status.age_ms > self->stale_ms) {
        snprintf(reason, size, "the last reading of the contract is %" PRIu64 " s old: %s",
                 status.age_ms / 1000, status.message);
    } else if (!self->listed) {
        snprintf(reason, size, "the contract does not list this node%s%s", status.keep_code ? ": " : "",
                 status.keep_message);
    } else {
        if (status.keep_code)
            snprintf(reason, size, "the registration cannot be kept up: %s", status.keep_message);
        return true;
    }
    return false;
}

json_t *view_health(hello_node *self, unsigned *status)
{
    char reason[640];
    pthread_mutex_lock(&self->lock);
    bool ok = view_is_healthy(self, reason, sizeof reason);
    pthread_mutex_unlock(&self->lock);
    *status = ok ? 200 : 503;
    return json_pack("{ss ss*}", "status", ok ? "ok" : "unavailable", ok ? "warning" : "reason",
                     *reason ? reason : NULL);
}
