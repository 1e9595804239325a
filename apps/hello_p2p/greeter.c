/* SPDX-License-Identifier: MIT */
#include "greeter.h"
#include "greeting.h"
#include "log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A peer that does not answer holds one place for five seconds; the others go on meanwhile. */
enum {
    PLACES = 32,
    STACK_BYTES = 256 * 1024,
    BACKOFF_FIRST_MS = 500,
    BACKOFF_MAX_MS = 60000,
    IDLE_MS = 60000
};

/* Whom a peer greeted is asked for while somebody looks at the page: one peer at a time, all of them in turn,
 * and with longer pauses in larger clusters. The place comes after those of the greetings. */
enum { ASKING = PLACES, ASK_AGAIN_MS = 3000, ASK_PAUSE_MS = 300, ASK_GAP_MS = 50 };

struct hello_greeter {
    hello_node *node;
    CURLM *multi;
    pthread_t thread;
    atomic_bool stopping;
    uint64_t ask_ms; /* when to ask the next one */
    hello_greeting *places[PLACES + 1];
};

static uint64_t backoff_ms(uint32_t failures)
{
    uint64_t pause = BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < failures && pause < BACKOFF_MAX_MS; i++)
        pause *= 2;
    return pause < BACKOFF_MAX_MS ? pause : BACKOFF_MAX_MS;
}

/* Takes over the answer's strings. */
static void keep_answer(hello_peer *item, greeting_answer *answer)
{
    item->in_flight = false;
    item->news |= NEWS_GREETED;
    free(item->error);
    item->error = answer->error;
    answer->error = NULL;
    if (answer->message) {
        free(item->message);
        item->message = answer->message;
        answer->message = NULL;
        item->timestamp = answer->timestamp;
        item->peers_known = answer->peers_known;
        item->last_contact = (int64_t)time(NULL);
        item->failures = 0;
        item->due_ms = PEER_NEVER;
    } else {
        item->failures++;
        item->due_ms = answer->final ? PEER_NEVER : node_now_ms() + backoff_ms(item->failures);
    }
}

/* Takes over what was told. Who gives no answer said nothing, from now on; who gave one before may be gone,
 * which a greeting finds out, and goes on to look for its return. */
static void keep_told(hello_node *node, hello_peer *item, greeting_answer *answer)
{
    uint64_t again_ms = ASK_PAUSE_MS * (uint64_t)node->others.count;
    bool same =
        item->told_count == answer->told_count && !item->told_at == !!answer->error &&
        (!item->told_count || !memcmp(item->told, answer->told, item->told_count * sizeof *item->told));
    item->in_flight = false;
    if (answer->error && item->told_at) item->due_ms = node_now_ms();
    item->ask_due_ms = node_now_ms() + (again_ms > ASK_AGAIN_MS ? again_ms : ASK_AGAIN_MS);
    item->told_at = answer->error ? 0 : (int64_t)time(NULL);
    if (same) return;
    item->news |= NEWS_TOLD;
    free(item->told);
    item->told = answer->told;
    item->told_count = answer->told_count;
    answer->told = NULL;
}

static void log_answer(const char *url, const greeting_answer *answer, uint32_t failures)
{
    const char *error = answer->error ? answer->error : "out of memory";
    if (answer->message)
        log_info("%s says: %s", url, answer->message);
    else if (failures == 0)
        log_warning("%s: %s", url, error);
    else
        log_debug("%s: %s (failed %" PRIu32 " times before)", url, error, failures);
}

static void count(hello_counts *counts, const greeting_answer *answer)
{
    if (answer->message)
        counts->answered++;
    else
        counts->failed++;
}

/* The peer may have left or changed meanwhile: then the answer concerns nobody. */
static void settle(hello_greeter *self, const hello_target *target, greeting_answer *answer)
{
    hello_node *node = self->node;
    if (!target->asks) log_answer(target->url, answer, target->failures);
    pthread_mutex_lock(&node->lock);
    hello_peer *item = peers_find(&node->others, target->id);
    if (item && strcmp(item->url, target->url) != 0) item = NULL;
    if (!target->asks) count(&node->counts, answer);
    if (item && target->asks) keep_told(node, item, answer);
    if (item && !target->asks) keep_answer(item, answer);
    pthread_mutex_unlock(&node->lock);
    greeting_answer_free(answer);
}

/* Copies out whom to turn to, so that the lock is not held while curl works. The lock is held. */
static bool take(hello_node *node, hello_peer *item, hello_target *target)
{
    *target = (hello_target){0};
    if (!item || !(target->url = strdup(item->url))) return false;
    item->in_flight = true;
    memcpy(target->id, item->id, sizeof target->id);
    memcpy(target->own_id, node->instance_id, sizeof target->own_id);
    target->failures = item->failures;
    target->may_be_private = node->private_peers;
    return true;
}

static bool next_target(hello_greeter *self, hello_target *target, uint64_t *next_ms)
{
    hello_node *node = self->node;
    pthread_mutex_lock(&node->lock);
    bool taken = take(node, peers_due(&node->others, node_now_ms(), next_ms), target);
    if (taken) node->counts.sent++;
    pthread_mutex_unlock(&node->lock);
    return taken;
}

/* When nobody looks, or there are too many peers, nobody is asked. */
static bool next_to_ask(hello_greeter *self, hello_target *target, uint64_t *next_ms)
{
    hello_node *node = self->node;
    uint64_t now_ms = node_now_ms();
    pthread_mutex_lock(&node->lock);
    bool wanted = node->lookers && node->others.count <= HEARSAY_PEERS;
    hello_peer *item = wanted ? peers_to_ask(&node->others, now_ms, next_ms) : NULL;
    if (item && self->ask_ms > now_ms) {
        if (self->ask_ms < *next_ms) *next_ms = self->ask_ms;
        item = NULL;
    }
    bool taken = take(node, item, target);
    pthread_mutex_unlock(&node->lock);
    target->asks = true;
    if (taken) self->ask_ms = now_ms + ASK_GAP_MS;
    return taken;
}

/* Takes over the target's string. */
static void start(hello_greeter *self, size_t place, hello_target *target)
{
    greeting_answer answer;
    hello_greeting *one = greeting_new(target, &answer);
    if (one && curl_multi_add_handle(self->multi, one->easy)) {
        greeting_free(one);
        one = NULL;
    }
    self->places[place] = one;
    if (one) return;
    settle(self, target, &answer);
    free(target->url);
}

/* Fills the free places. Returns when a peer may be due next. */
static uint64_t fill(hello_greeter *self)
{
    uint64_t next_ms = PEER_NEVER;
    hello_target target;
    for (size_t place = 0; place < PLACES; place++) {
        while (!self->places[place] && next_target(self, &target, &next_ms))
            start(self, place, &target);
    }
    if (!self->places[ASKING] && next_to_ask(self, &target, &next_ms)) start(self, ASKING, &target);
    return next_ms;
}

static void finish(hello_greeter *self, CURL *easy, CURLcode code)
{
    for (size_t place = 0; place <= ASKING; place++) {
        hello_greeting *one = self->places[place];
        if (!one || one->easy != easy) continue;
        greeting_answer answer = greeting_result(one, code);
        settle(self, &one->target, &answer);
        curl_multi_remove_handle(self->multi, easy);
        greeting_free(one);
        self->places[place] = NULL;
        return;
    }
}

static void collect(hello_greeter *self)
{
    int left, running;
    CURLMsg *message;
    curl_multi_perform(self->multi, &running);
    while ((message = curl_multi_info_read(self->multi, &left))) {
        if (message->msg == CURLMSG_DONE) finish(self, message->easy_handle, message->data.result);
    }
}

static void *run(void *argument)
{
    hello_greeter *self = argument;
    for (;;) {
        /* In this order: the last call must not be taken for an earlier one. */
        node_woken(self->node->greeter_fd);
        if (atomic_load(&self->stopping)) return NULL;
        collect(self);
        uint64_t next_ms = fill(self), now_ms = node_now_ms();
        uint64_t wait = next_ms == PEER_NEVER ? IDLE_MS : next_ms > now_ms ? next_ms - now_ms : 0;
        struct curl_waitfd wake = {.fd = self->node->greeter_fd, .events = CURL_WAIT_POLLIN};
        curl_multi_poll(self->multi, &wake, 1, wait < IDLE_MS ? (int)wait : IDLE_MS, NULL);
    }
}

hello_greeter *greeter_start(hello_node *node)
{
    pthread_attr_t attributes;
    hello_greeter *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->node = node;
    self->multi = curl_multi_init();
    bool ok = self->multi && !pthread_attr_init(&attributes);
    if (ok) {
        ok = !pthread_attr_setstacksize(&attributes, STACK_BYTES) &&
             !pthread_create(&self->thread, &attributes, run, self);
        pthread_attr_destroy(&attributes);
    }
    if (ok) return self;
    curl_multi_cleanup(self->multi);
    free(self);
    return NULL;
}

void greeter_stop(hello_greeter *self)
{
    if (!self) return;
    atomic_store(&self->stopping, true);
    node_wake(self->node->greeter_fd);
    pthread_join(self->thread, NULL);
    for (size_t place = 0; place <= ASKING; place++) {
        if (!self->places[place]) continue;
        curl_multi_remove_handle(self->multi, self->places[place]->easy);
        greeting_free(self->places[place]);
    }
    curl_multi_cleanup(self->multi);
    free(self);
}
