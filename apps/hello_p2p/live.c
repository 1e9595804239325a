/* SPDX-License-Identifier: MIT */
#include "live.h"
#include "view.h"

#include <string.h>
#include <time.h>

enum { NEWS_AT_ONCE = 64 };

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *self_view(hello_node *self)
{
    json_int_t uptime = (json_int_t)((node_now_ms() - self->started_ms) / 1000);
    return json_pack("{so so so so sI sI ss}", "instance_id", text_or_null(self->instance_id),
                     "instance_address", text_or_null(self->address), "connection_url",
                     text_or_null(self->url ? self->url : ""), "contract", text_or_null(self->contract),
                     "chain_id", (json_int_t)self->chain_id, "uptime", uptime, "version",
                     dstack_p2p_version());
}

/* Seconds that are left of the lease by the chain's clock, which has gone on since the list was read; null:
 * no end. */
static json_t *lease_left(const dstack_p2p_status *status)
{
    if (!status->lease_expires_at) return json_null();
    uint64_t now = status->block_time + status->age_ms / 1000;
    return json_integer(now < status->lease_expires_at ? (json_int_t)(status->lease_expires_at - now) : 0);
}

static json_t *reading_view(const dstack_p2p_status *status)
{
    bool is_read = status->age_ms != UINT64_MAX;
    return json_pack("{so sI sI sI ss sb sI sI ss ss}", "age_ms",
                     is_read ? json_integer((json_int_t)status->age_ms) : json_null(), "block_number",
                     (json_int_t)status->block_number, "version", (json_int_t)status->version, "peers",
                     (json_int_t)status->peers, "transport", status->transport, "checked", status->checked,
                     "left_out", (json_int_t)status->left_out, "failures", (json_int_t)status->failures,
                     "error", status->code ? dstack_p2p_code_name(status->code) : "", "message",
                     status->message);
}

json_t *live_status(hello_node *self)
{
    char reason[640];
    dstack_p2p_status status = {.age_ms = UINT64_MAX};
    bool healthy = view_is_healthy(self, reason, sizeof reason);
    bool watches = self->watched && !dstack_p2p_monitor_status(self->watched, &status);
    return json_pack("{sb ss sb sb so sb ss ss so}", "healthy", healthy, "reason", reason, "registered",
                     self->registered && self->listed, "listed", status.registered, "lease_left",
                     status.registered ? lease_left(&status) : json_null(), "keeping", status.keeping,
                     "keeper_error", status.keep_code ? dstack_p2p_code_name(status.keep_code) : "",
                     "keeper_message", status.keep_message, "reading",
                     watches ? reading_view(&status) : json_null());
}

/* In what one peer says, the others are numbers in the list of peers, or ids where there is no list; -1 is
 * us. */
static json_t *told_view(const hello_node *self, const hello_peer *item, bool as_numbers)
{
    json_t *all = json_array();
    for (size_t i = 0; i < item->told_count; i++) {
        const hello_told *told = &item->told[i];
        size_t index = peers_index(&self->others, told->id);
        bool is_self = !strcmp(told->id, self->instance_id);
        if (!is_self && index == self->others.count) continue;
        json_int_t number = is_self ? -1 : (json_int_t)index;
        json_array_append_new(all, as_numbers ? json_integer(number) : json_string(told->id));
        json_array_append_new(all, json_integer((json_int_t)told->at));
    }
    return json_pack("{ss sI so}", "instance_id", item->id, "at", (json_int_t)item->told_at, "greeted", all);
}

static json_t *state_view(hello_node *self)
{
    json_t *peers = json_array(), *told = json_array();
    for (size_t i = 0; i < self->others.count && i < LIVE_PEERS; i++) {
        json_array_append_new(peers, view_peer(self->others.items[i]));
        if (self->others.items[i]->told_at)
            json_array_append_new(told, told_view(self, self->others.items[i], true));
    }
    return json_pack("{sI so so so sI sI so so}", "time", (json_int_t)time(NULL), "self", self_view(self),
                     "status", live_status(self), "peers", peers, "count", (json_int_t)self->others.count,
                     "asks_up_to", (json_int_t)HEARSAY_PEERS, "told", told, "changes",
                     feed_changes(&self->feed));
}

hello_text *live_state(hello_node *self)
{
    pthread_mutex_lock(&self->lock);
    uint64_t number = self->feed.last;
    json_t *state = state_view(self);
    pthread_mutex_unlock(&self->lock);
    return text_event("retry: 2000\n", "state", self->feed.epoch, number, state);
}

json_t *live_change(const hello_node *self, const dstack_p2p_peer *peer, const char *previous_url)
{
    return json_pack("{sI ss ss ss* sb sI}", "at", (json_int_t)time(NULL), "instance_id", peer->instance_id,
                     "connection_url", peer->connection_url, "previous_url", previous_url, "self",
                     peer->is_self, "count", (json_int_t)self->others.count);
}

static void publish_news_of(hello_node *self, hello_peer *item)
{
    if (item->news & NEWS_GREETED) feed_publish(&self->feed, "greeted", view_peer(item));
    if (item->news & NEWS_GREETED_US)
        feed_publish(
            &self->feed, "greeted_us",
            json_pack("{ss sI}", "instance_id", item->id, "greeted_us_at", (json_int_t)item->greeted_us_at));
    if (item->news & NEWS_TOLD) feed_publish(&self->feed, "told", told_view(self, item, false));
    item->news = 0;
}

bool live_publish_news(hello_node *self)
{
    size_t published = 0;
    for (size_t i = 0; i < self->others.count; i++) {
        /* Goes on where it stopped last, so that who is noisy does not drown the others. */
        hello_peer *item = self->others.items[(self->next_news + i) % self->others.count];
        if (!item->news) continue;
        if (published++ == NEWS_AT_ONCE) {
            self->next_news = (self->next_news + i) % self->others.count;
            return true;
        }
        publish_news_of(self, item);
    }
    return false;
}
