/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "unit.h"

#include <math.h>

/* Writes with the given calls and gives the text back; the caller frees it. */
#define WRITTEN(text, calls)                                                                                 \
    char *text = NULL;                                                                                       \
    do {                                                                                                     \
        size_t len_ = 0;                                                                                     \
        FILE *out = open_memstream(&text, &len_);                                                            \
        assert_non_null(out);                                                                                \
        calls;                                                                                               \
        assert_int_equal(fclose(out), 0);                                                                    \
    } while (0)

static void expect(const char *text, const char *line)
{
    if (!strstr(text, line)) fail_msg("'%s' is not in:\n%s", line, text);
}

static void test_samples(void **state)
{
    (void)state;
    WRITTEN(text, {
        metrics_count(out, "a_total", METRICS_COUNTER, "Help.", UINT64_MAX);
        metrics_value(out, "b_seconds", METRICS_GAUGE, "Help.", 1.5);
        metrics_value(out, "c_seconds", METRICS_GAUGE, "Help.", INFINITY);
        metrics_value(out, "d", METRICS_GAUGE, "Help.", -INFINITY);
    });
    assert_string_equal(text, "# HELP a_total Help.\n# TYPE a_total counter\na_total 18446744073709551615\n"
                              "# HELP b_seconds Help.\n# TYPE b_seconds gauge\nb_seconds 1.500\n"
                              "# HELP c_seconds Help.\n# TYPE c_seconds gauge\nc_seconds +Inf\n"
                              "# HELP d Help.\n# TYPE d gauge\nd -Inf\n");
    free(text);
}

static void test_numbers(void **state)
{
    (void)state;
    WRITTEN(text, {
        metrics_value(out, "a", METRICS_GAUGE, "Help.", -0.5);
        metrics_value(out, "b", METRICS_GAUGE, "Help.", NAN);
        metrics_value(out, "c", METRICS_GAUGE, "Help.", (double)UINT64_MAX);
        metrics_value(out, "d", METRICS_GAUGE, "Help.", 1e17);
    });
    expect(text, "\na -0.500\n");
    expect(text, "\nb NaN\n");
    expect(text, "\nc +Inf\n");
    expect(text, "\nd 100000000000000000.000\n");
    free(text);
}

/* Whatever a stranger may have chosen stays within its quotes, on its line. */
static void test_labels_are_escaped(void **state)
{
    (void)state;
    WRITTEN(text, metrics_word(out, "a_info", "Help.", "word", "x\"} 1\nevil 2\\"));
    expect(text, "\na_info{word=\"x\\\"} 1\\nevil 2\\\\\"} 1\n");
    assert_null(strstr(text, "\nevil"));
    free(text);
}

static void test_status(void **state)
{
    dstack_p2p_status status = {.running = true,
                                .peers = 3,
                                .registered = true,
                                .block_time = 1000,
                                .lease_expires_at = 1100,
                                .age_ms = 2500,
                                .transport = "poll",
                                .rpc_requests = 12,
                                .rpc_failures = 1,
                                .rpc_time_us = 3000042,
                                .rpc_within = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                                .changes = 7};
    (void)state;
    WRITTEN(text, metrics_status(out, &status));
    expect(text, "\ndstack_p2p_peers 3\n");
    expect(text, "\ndstack_p2p_changes_total 7\n");
    expect(text, "\ndstack_p2p_evidence_checked 0\n");
    expect(text, "\ndstack_p2p_list_age_seconds 2.500\n");
    expect(text, "\ndstack_p2p_lease_left_seconds 97.500\n");
    expect(text, "\ndstack_p2p_monitor_transport_info{transport=\"poll\"} 1\n");
    expect(text, "\ndstack_p2p_rpc_duration_seconds_bucket{le=\"0.005\"} 0\n");
    expect(text, "\ndstack_p2p_rpc_duration_seconds_bucket{le=\"0.25\"} 5\n");
    expect(text, "\ndstack_p2p_rpc_duration_seconds_bucket{le=\"10\"} 10\n");
    expect(text, "\ndstack_p2p_rpc_duration_seconds_bucket{le=\"+Inf\"} 12\n"
                 "dstack_p2p_rpc_duration_seconds_sum 3.000042\ndstack_p2p_rpc_duration_seconds_count 12\n");
    free(text);
}

static void test_status_of_nothing(void **state)
{
    dstack_p2p_status status = {.age_ms = UINT64_MAX}, forever = {.registered = true};
    (void)state;
    WRITTEN(text, metrics_status(out, &status));
    expect(text, "\ndstack_p2p_list_age_seconds +Inf\n");
    expect(text, "\ndstack_p2p_lease_left_seconds 0.000\n");
    free(text);
    WRITTEN(other, metrics_status(out, &forever));
    expect(other, "\ndstack_p2p_lease_left_seconds +Inf\n");
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
