/* SPDX-License-Identifier: MIT */
#include "cluster/recall.h"

#include "cluster/cache_file.h"
#include "cluster/list.h"
#include "cluster/sdk.h"
#include "support/fake_server.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"

enum { CHAIN = 31337, AGAIN_MS = 30000 };

static uint64_t passed_ms;

static uint64_t stopped_now(void *context)
{
    (void)context;
    return 1000000 + passed_ms;
}

static const base_clock stopped = {.now_ms = stopped_now};

typedef struct world {
    char dir[64], path[128];
    dstack_p2p *sdk;
    unsigned warnings;
    char warning[512];
} world;

static void note(void *context, dstack_p2p_log_level level, const char *message)
{
    world *w = context;
    if (level != DSTACK_P2P_LOG_WARNING) return;
    w->warnings++;
    snprintf(w->warning, sizeof w->warning, "%s", message);
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    if (!w) return -1;
    passed_ms = 0;
    snprintf(w->dir, sizeof w->dir, "/tmp/dstack-p2p-recall-XXXXXX");
    if (!mkdtemp(w->dir)) return -1;
    snprintf(w->path, sizeof w->path, "%s/peers", w->dir);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    dstack_p2p_free(w->sdk);
    fake_remove_dir(w->dir);
    free(w);
    return 0;
}

static void open_handle(world *w, dstack_p2p_evidence evidence)
{
    dstack_p2p_options options = {.rpc_url = "http://127.0.0.1:1",
                                  .chain_id = CHAIN,
                                  .cache_file = w->path,
                                  .evidence = evidence,
                                  .log = note,
                                  .log_context = w};
    dstack_p2p_free(w->sdk);
    w->sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
    w->sdk->clock = &stopped;
}

/* An empty list. */
static dstack_p2p_peers *make_list(bool checked)
{
    dstack_p2p_peers *list = cluster_list_new(&stopped);
    list->checked = checked;
    return list;
}

static void save(world *w, bool checked)
{
    base_error error = {0};
    cluster_cache about = {.chain_id = CHAIN};
    dstack_p2p_peers *list = make_list(checked);
    memcpy(about.contract20, w->sdk->config.contract20, 20);
    cluster_cache_save(w->path, &about, list, 1, &error);
    expect_ok(&error);
    dstack_p2p_peers_free(list);
}

static bool recalls(world *w)
{
    dstack_p2p_status status;
    cluster_recall(w->sdk);
    dstack_p2p_peers *list = dstack_p2p_monitor_peers(w->sdk);
    bool found = list;
    dstack_p2p_monitor_status(w->sdk, &status);
    if (found) assert_int_equal(status.checked, list->checked);
    dstack_p2p_peers_free(list);
    return found;
}

/* A list that was read without evidence is none where it is required. */
static void test_evidence(void **state)
{
    world *w = *state;
    for (int checked = 0; checked < 2; checked++) {
        open_handle(w, DSTACK_P2P_EVIDENCE_AUTO);
        save(w, checked);
        assert_true(recalls(w));
        assert_int_equal(w->warnings, 0);
    }
    open_handle(w, DSTACK_P2P_EVIDENCE_REQUIRED);
    assert_true(recalls(w));
    open_handle(w, DSTACK_P2P_EVIDENCE_REQUIRED);
    save(w, false);
    assert_false(recalls(w));
    assert_int_equal(w->warnings, 1);
    assert_non_null(strstr(w->warning, "evidence is required"));
}

static void remember_after(world *w, uint64_t ms)
{
    passed_ms += ms;
    cluster_remember(w->sdk, false);
}

/* What could not be written is written later, also when there is nothing new, and each failure said once. */
static void test_written_later(void **state)
{
    world *w = *state;
    open_handle(w, DSTACK_P2P_EVIDENCE_AUTO);
    w->sdk->monitor.list = make_list(false);
    for (unsigned round = 1; round < 3; round++) {
        w->sdk->monitor.watch.unsaved = true;
        assert_int_equal(rmdir(w->dir), 0);
        remember_after(w, AGAIN_MS);
        assert_int_equal(w->warnings, round);
        assert_int_equal(mkdir(w->dir, 0700), 0);
        remember_after(w, AGAIN_MS - 1);
        assert_int_not_equal(access(w->path, F_OK), 0);
        remember_after(w, 1);
        assert_int_equal(access(w->path, F_OK), 0);
        assert_int_equal(w->warnings, round);
        assert_int_equal(unlink(w->path), 0);
        remember_after(w, AGAIN_MS);
        assert_int_not_equal(access(w->path, F_OK), 0); /* nothing new */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_evidence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_written_later, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
