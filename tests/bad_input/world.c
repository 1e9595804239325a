/* SPDX-License-Identifier: MIT */
#include "bad_input/world.h"

#include "cluster/key_variable.h"
#include "cluster/sdk.h"
#include <dirent.h>
#include <fcntl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const variables[] = {"CONTRACT_ADDRESS",
                                        "CONNECTION_URL",
                                        "RPC_URL",
                                        "CHAIN_ID",
                                        "PRIVATE_KEY_FILE",
                                        "PRIVATE_KEY",
                                        "DSTACK_SIMULATOR_ENDPOINT",
                                        "DSTACK_P2P_STATE_DIR",
                                        "DSTACK_P2P_CACHE_FILE"};

static void clear_variables(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    cluster_key_variable_forget();
}

static void note(void *context, dstack_p2p_log_level level, const char *message)
{
    world *w = context;
    (void)level;
    for (const char *at = message; *at; at++)
        if (*at < 0x20 || *at > 0x7e) fail_msg("a log line holds byte %d", *at);
    pthread_mutex_lock(&w->lock);
    size_t left = sizeof w->log - w->log_len;
    int len = snprintf(w->log + w->log_len, left, "%s\n", message);
    if (len > 0 && (size_t)len < left) w->log_len += (size_t)len;
    pthread_mutex_unlock(&w->lock);
}

static void forget_state(const world *w)
{
    DIR *dir = opendir(w->state_dir);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    closedir(dir);
}

int world_make(void **state)
{
    world *w = calloc(1, sizeof *w);
    if (!w) return -1;
    clear_variables();
    pthread_mutex_init(&w->lock, NULL);
    fake_clock_init(&w->clock);
    w->node = fake_node_start();
    w->guest = fake_guest_start(false);
    strcpy(w->state_dir, "/tmp/p2p-world-XXXXXX");
    assert_non_null(mkdtemp(w->state_dir));
    w->options = (dstack_p2p_options){.rpc_url = fake_node_url(w->node),
                                      .guest_endpoint = fake_server_endpoint(fake_guest_server(w->guest)),
                                      .guest_wait_ms = DSTACK_P2P_NO_WAIT,
                                      .rpc_timeout_ms = 20000,
                                      .confirm_timeout_ms = 700,
                                      .poll_interval_ms = 20,
                                      .evidence = DSTACK_P2P_EVIDENCE_OFF,
                                      .state_dir = w->state_dir,
                                      .keep = DSTACK_P2P_KEEP_OFF,
                                      .log_level = DSTACK_P2P_LOG_DEBUG,
                                      .log = note,
                                      .log_context = w};
    *state = w;
    return 0;
}

int world_unmake(void **state)
{
    world *w = *state;
    dstack_p2p_free(w->sdk);
    forget_state(w);
    rmdir(w->state_dir);
    fake_node_stop(w->node);
    fake_guest_stop(w->guest);
    pthread_mutex_destroy(&w->lock);
    free(w);
    clear_variables();
    return 0;
}

dstack_p2p *world_open(world *w, const char *contract, const char *url)
{
    dstack_p2p_free(w->sdk);
    if (!w->keeps_state) forget_state(w);
    w->sdk = dstack_p2p_new_with_options(contract, url, &w->options);
    assert_non_null(w->sdk);
    if (w->hurries) w->sdk->clock = &w->clock.clock;
    return w->sdk;
}

fake_node_state *world_node(world *w)
{
    fake_node_state *state = fake_node_lock(w->node);
    fake_node_unlock(w->node);
    return state;
}

/* What every sentence is: long enough to say something, printable, and not the general one alone. */
static void assert_sentence(const char *text, int code)
{
    for (const char *at = text; *at; at++)
        if (*at < 0x20 || *at > 0x7e) fail_msg("the sentence holds byte %d: %s", *at, text);
    if (strlen(text) < 15) fail_msg("%s says only '%s'", dstack_p2p_code_name(code), text);
}

void assert_failed(const dstack_p2p *sdk, int code, ...)
{
    va_list words;
    const char *text = dstack_p2p_errmsg(sdk);
    if (dstack_p2p_errcode(sdk) != code)
        fail_msg("%s instead of %s: %s", dstack_p2p_code_name(dstack_p2p_errcode(sdk)),
                 dstack_p2p_code_name(code), text);
    assert_sentence(text, code);
    va_start(words, code);
    for (const char *word; (word = va_arg(words, const char *));)
        if (!strstr(text, word)) fail_msg("'%s' is missing in: %s", word, text);
    va_end(words);
}

void assert_sends(world *w, unsigned count)
{
    unsigned sends = fake_node_lock(w->node)->sends;
    fake_node_unlock(w->node);
    assert_int_equal(sends, count);
}

static bool leaks(const char *text, const char *secret)
{
    char piece[7];
    for (; strlen(secret) >= sizeof piece - 1; secret++) {
        snprintf(piece, sizeof piece, "%s", secret);
        if (strstr(text, piece)) return true;
    }
    return false;
}

void assert_secret_kept(world *w, const char *secret)
{
    if (leaks(dstack_p2p_errmsg(w->sdk), secret))
        fail_msg("the sentence tells: %s", dstack_p2p_errmsg(w->sdk));
    pthread_mutex_lock(&w->lock);
    bool told = leaks(w->log, secret);
    pthread_mutex_unlock(&w->lock);
    if (told) fail_msg("the log tells: %s", w->log);
}

void assert_logged(world *w, const char *words)
{
    pthread_mutex_lock(&w->lock);
    bool found = strstr(w->log, words);
    pthread_mutex_unlock(&w->lock);
    if (!found) fail_msg("'%s' is not in the log: %s", words, w->log);
}

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(unsigned ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

void set_variable(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}
