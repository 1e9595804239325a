/* SPDX-License-Identifier: MIT */
#include "figures.h"
#include "metrics.h"

#include <stdlib.h>
#include <time.h>

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    metrics_count(out, name, METRICS_COUNTER, help, value);
}

static void write_all(FILE *out, const hello_counts *counts, const dstack_p2p_status *status, double started)
{
    metrics_word(out, "dstack_p2p_build_info", "Version of the library.", "version", dstack_p2p_version());
    metrics_value(out, "process_start_time_seconds", METRICS_GAUGE, "When the process started, since 1970.",
                  started);
    metrics_status(out, status);
    counter(out, "dstack_p2p_hello_greetings_sent_total", "Greetings begun.", counts->sent);
    counter(out, "dstack_p2p_hello_greetings_answered_total", "Greetings that were answered.",
            counts->answered);
    counter(out, "dstack_p2p_hello_greetings_failed_total", "Greetings that failed.", counts->failed);
    counter(out, "dstack_p2p_hello_greetings_received_total", "Greetings that this node answered.",
            counts->received);
}

static double start_time(const hello_node *self)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double now_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    return now_s - (double)(node_now_ms() - self->started_ms) / 1000;
}

char *figures_text(hello_node *self, size_t streams, uint64_t streams_refused)
{
    char *text = NULL;
    size_t len = 0;
    dstack_p2p_status status = {.age_ms = UINT64_MAX};
    pthread_mutex_lock(&self->lock);
    hello_counts counts = self->counts;
    if (self->watched) (void)dstack_p2p_monitor_status(self->watched, &status);
    pthread_mutex_unlock(&self->lock);
    FILE *out = open_memstream(&text, &len);
    if (!out) return NULL;
    write_all(out, &counts, &status, start_time(self));
    metrics_count(out, "dstack_p2p_hello_event_streams", METRICS_GAUGE, "Open streams of events.", streams);
    counter(out, "dstack_p2p_hello_event_streams_refused_total",
            "Streams refused because too many were open.", streams_refused);
    bool failed = ferror(out);
    if (!fclose(out) && !failed) return text;
    free(text);
    return NULL;
}
