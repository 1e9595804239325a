/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <inttypes.h>
#include <math.h>

static const unsigned rpc_bounds_ms[DSTACK_P2P_RPC_BOUNDS] = DSTACK_P2P_RPC_BOUNDS_MS;

static void head(FILE *out, const char *name, const char *kind, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static const char *kind_name(metrics_kind kind)
{
    return kind == METRICS_COUNTER ? "counter" : "gauge";
}

#define NUMBER_MAX 1e18

/* printf would write "inf", and a comma where the locale says so. What a node makes up may be more than an
 * integer holds. */
static void number(FILE *out, double value)
{
    bool negative = value < 0;
    if (negative) value = -value;
    if (isnan(value))
        fputs("NaN", out);
    else if (value >= NUMBER_MAX)
        fputs(negative ? "-Inf" : "+Inf", out);
    else
        fprintf(out, "%s%" PRId64 ".%03d", negative ? "-" : "", (int64_t)value,
                (int)((value - (double)(int64_t)value) * 1000));
}

void metrics_value(FILE *out, const char *name, metrics_kind kind, const char *help, double value)
{
    head(out, name, kind_name(kind), help);
    fprintf(out, "%s ", name);
    number(out, value);
    fputc('\n', out);
}

void metrics_count(FILE *out, const char *name, metrics_kind kind, const char *help, uint64_t value)
{
    head(out, name, kind_name(kind), help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"') fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
}

void metrics_word(FILE *out, const char *name, const char *help, const char *label, const char *value)
{
    head(out, name, "gauge", help);
    fprintf(out, "%s{%s=\"", name, label);
    escaped(out, value);
    fputs("\"} 1\n", out);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
    metrics_count(out, name, METRICS_GAUGE, help, value);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    metrics_count(out, name, METRICS_COUNTER, help, value);
}

static double age_s(const dstack_p2p_status *status)
{
    return status->age_ms == UINT64_MAX ? INFINITY : (double)status->age_ms / 1000;
}

/* By the chain's clock, which has gone on since the list was read. */
static double lease_left_s(const dstack_p2p_status *status)
{
    if (!status->registered) return 0;
    if (!status->lease_expires_at) return INFINITY;
    double left = (double)status->lease_expires_at - (double)status->block_time - age_s(status);
    return left > 0 ? left : 0;
}

static void list_metrics(FILE *out, const dstack_p2p_status *status)
{
    gauge(out, "dstack_p2p_peers", "Peers in the last list, this node among them.", status->peers);
    gauge(out, "dstack_p2p_peers_left_out", "Peers that the contract lists without evidence that holds.",
          status->left_out);
    gauge(out, "dstack_p2p_evidence_checked", "1 when all peers were checked against their evidence.",
          status->checked);
    counter(out, "dstack_p2p_changes_total", "Peers that joined, left or changed.", status->changes);
    gauge(out, "dstack_p2p_membership_version", "Version of the membership that the last list was read at.",
          status->version);
    gauge(out, "dstack_p2p_block_number", "Block of the last reading that went well.", status->block_number);
    metrics_value(out, "dstack_p2p_list_age_seconds", METRICS_GAUGE,
                  "Time since the last reading that went well; +Inf: there was none yet.", age_s(status));
}

static void monitor_metrics(FILE *out, const dstack_p2p_status *status)
{
    gauge(out, "dstack_p2p_monitor_running", "1 while the contract is watched.", status->running);
    gauge(out, "dstack_p2p_monitor_failures", "Readings that failed in a row.", status->failures);
    gauge(out, "dstack_p2p_monitor_error_code", "Error code of the last reading; 0: it went well.",
          (uint64_t)status->code);
    metrics_word(out, "dstack_p2p_monitor_transport_info", "How changes are noticed.", "transport",
                 status->transport);
    gauge(out, "dstack_p2p_registered", "1 when the last list holds this node.", status->registered);
    metrics_value(out, "dstack_p2p_lease_left_seconds", METRICS_GAUGE,
                  "Time to the end of this node's lease; 0: none, +Inf: it does not end.",
                  lease_left_s(status));
    gauge(out, "dstack_p2p_keeper_running", "1 while this node's registration is kept up.", status->keeping);
    gauge(out, "dstack_p2p_keeper_error_code",
          "Error code of the last try to keep the registration up; 0: it went well.",
          (uint64_t)status->keep_code);
}

/* Milliseconds in seconds, as Prometheus' own clients write it: a bound is a label, and queries name it so.
 */
static void bound(FILE *out, unsigned ms)
{
    unsigned part = ms % 1000;
    int digits = 3;
    for (; part && part % 10 == 0; part /= 10)
        digits--;
    fprintf(out, "%u", ms / 1000);
    if (part) fprintf(out, ".%0*u", digits, part);
}

/* The sum, in microseconds, is written in seconds without rounding. */
static void rpc_metrics(FILE *out, const dstack_p2p_status *status)
{
    static const char name[] = "dstack_p2p_rpc_duration_seconds";
    counter(out, "dstack_p2p_rpc_requests_total",
            "HTTP requests to the Ethereum nodes, repetitions included.", status->rpc_requests);
    counter(out, "dstack_p2p_rpc_failures_total", "Those that were not answered, or not with an answer.",
            status->rpc_failures);
    head(out, name, "histogram", "How long requests to the Ethereum nodes took.");
    for (size_t i = 0; i < DSTACK_P2P_RPC_BOUNDS; i++) {
        fprintf(out, "%s_bucket{le=\"", name);
        bound(out, rpc_bounds_ms[i]);
        fprintf(out, "\"} %" PRIu64 "\n", status->rpc_within[i]);
    }
    fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, status->rpc_requests);
    fprintf(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n", name, status->rpc_time_us / 1000000,
            status->rpc_time_us % 1000000);
    fprintf(out, "%s_count %" PRIu64 "\n", name, status->rpc_requests);
}

void metrics_status(FILE *out, const dstack_p2p_status *status)
{
    list_metrics(out, status);
    monitor_metrics(out, status);
    rpc_metrics(out, status);
}
