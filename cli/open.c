/* SPDX-License-Identifier: MIT */
#include "base/secret.h"
#include "cli/amounts.h"
#include "cli/run.h"
#include "cluster/key_variable.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* ---- Signals ---- */

static dstack_p2p *_Atomic interruptible;
static volatile sig_atomic_t interrupted;

enum { ECHO_MS = 200 };
static struct timespec first; /* signal; in the handler only */

/* timeout(1), and others that pass a signal on to a group that has it already, send it twice. */
static bool is_echo(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000 < ECHO_MS;
}

/* The second one ends the process, as it would end one that does not catch it; the first process of a
 * container, which such a signal does not end, ends itself. */
static void on_signal(int number)
{
    if (!interrupted) {
        clock_gettime(CLOCK_MONOTONIC, &first);
        interrupted = 1;
        dstack_p2p_cancel(atomic_load(&interruptible));
    } else if (!is_echo()) {
        signal(number, SIG_DFL);
        raise(number);
        _exit(128 + number);
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_flags = SA_NODEFER};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
    return interrupted;
}

/* ---- Log ---- */

static void log_line(void *context, dstack_p2p_log_level level, const char *message)
{
    static const char *const names[] = {"", "error: ", "warning: ", "", ""};
    const cli_run *run = context;
    if (run->json && level <= DSTACK_P2P_LOG_WARNING) {
        cli_warn(run, "%s", message);
        return;
    }
    if (!cli_has_room(STDERR_FILENO)) return;
    fprintf(stderr, "dstack-p2p: %s%s\n", level <= DSTACK_P2P_LOG_DEBUG ? names[level] : "", message);
}

/* ---- Options ---- */

static int read_times(const cli_run *run, dstack_p2p_options *options)
{
    uint64_t rpc = 0, guest = 0, confirm = 0;
    if (cli_milliseconds(run, "rpc-timeout", 600000, &rpc) ||
        cli_milliseconds(run, "guest-wait", DAY_MS, &guest) ||
        cli_milliseconds(run, "confirm-timeout", DAY_MS, &confirm))
        return CLI_USAGE;
    /* The library takes zeros for its defaults. */
    if (cli_has(run, "rpc-timeout") && !rpc) return cli_misuse(run, "--rpc-timeout takes a time above 0");
    if (cli_has(run, "confirm-timeout") && !confirm)
        return cli_misuse(run, "--confirm-timeout takes a time above 0");
    options->rpc_timeout_ms = (uint32_t)rpc;
    options->guest_wait_ms = guest ? (uint32_t)guest : DSTACK_P2P_NO_WAIT;
    options->confirm_timeout_ms = (uint32_t)confirm;
    return 0;
}

/* What is meant by a bare number for gas is gwei to most people, and an ether to this program. */
static bool lacks_unit(const char *amount)
{
    return amount && *amount && !amount[strspn(amount, "0123456789.")];
}

static int read_ceiling(const cli_run *run, const char *name, uint64_t *out)
{
    eth_wei amount = 0;
    if (cli_amount(run, name, &amount)) return CLI_USAGE;
    if (amount > UINT64_MAX) return cli_misuse(run, "--%s takes at most 18.4 ether", name);
    if (cli_has(run, name) && !amount)
        return cli_misuse(run, "--%s takes an amount above 0; --dry-run spends nothing", name);
    *out = (uint64_t)amount;
    return 0;
}

static int read_price(const cli_run *run, const char *name, uint64_t *out)
{
    if (!lacks_unit(cli_value(run, name))) return read_ceiling(run, name, out);
    return cli_misuse(run, "--%s takes an amount with its unit, such as 30gwei", name);
}

static int read_ceilings(const cli_run *run, dstack_p2p_options *options)
{
    if (read_price(run, "max-fee-per-gas", &options->max_fee_per_gas) ||
        read_price(run, "max-priority-fee-per-gas", &options->max_priority_fee_per_gas))
        return CLI_USAGE;
    return read_ceiling(run, "max-cost", &options->max_fee_per_day);
}

/* The index of a word in a list that ends with NULL; -1 when it is not in it. */
static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], word)) return i;
    return -1;
}

static int read_choices(const cli_run *run, dstack_p2p_options *options)
{
    static const char *const evidence[] = {"auto", "required", "off", NULL};
    static const char *const blocks[] = {"latest", "safe", "finalized", NULL};
    char source[CLI_SOURCE_TEXT];
    const char *wanted = cli_value(run, "evidence"), *block = cli_value(run, "block");
    int which = wanted ? find_word(evidence, wanted) : 0, tag = block ? find_word(blocks, block) : 0;
    if (which < 0)
        return cli_misuse(run, "%s takes auto, required or off", cli_source(run, "evidence", source));
    if (tag < 0) return cli_misuse(run, "--block takes latest, safe or finalized");
    options->evidence = (dstack_p2p_evidence)which;
    options->block = (dstack_p2p_block)tag;
    return 0;
}

int cli_sdk_options(const cli_run *run, dstack_p2p_options *options)
{
    *options =
        (dstack_p2p_options){.rpc_url = cli_value(run, "rpc-url"),
                             .guest_endpoint = cli_value(run, "guest"),
                             .private_key_file = cli_value(run, "private-key-file"),
                             .state_dir = cli_value(run, "state-dir"),
                             .kms_root = cli_value(run, "kms-root"),
                             .app_ids = cli_value(run, "app-ids"),
                             .log = log_line,
                             .log_context = (void *)(uintptr_t)run, /* which is only read */
                             .log_level = run->verbose ? DSTACK_P2P_LOG_DEBUG : DSTACK_P2P_LOG_WARNING};
    if (cli_number(run, "chain-id", 1, UINT64_MAX, &options->chain_id) || read_times(run, options) ||
        read_ceilings(run, options) || read_choices(run, options))
        return CLI_USAGE;
    return 0;
}

/* ---- Handle ---- */

static bool takes_key(const cli_run *run)
{
    for (size_t i = 0; i < run->option_count; i++)
        if (!strcmp(run->options[i]->name, "private-key-file")) return true;
    return false;
}

/* Where nothing is paid for, a key has no business in memory, and one that cannot be read stops nobody. */
static void drop_private_key(void)
{
    char text[CLUSTER_KEY_TEXT];
    (void)cluster_key_variable(text);
    base_wipe(text, sizeof text);
    cluster_key_variable_forget();
}

/* The name of the key's file stays in the environment, for commands that watch runs. */
static dstack_p2p *open_without_key(const char *contract, const char *url, const dstack_p2p_options *options)
{
    const char *set = getenv("PRIVATE_KEY_FILE");
    char *file = set ? strdup(set) : NULL;
    if (set && !file) return NULL;
    drop_private_key();
    unsetenv("PRIVATE_KEY_FILE");
    dstack_p2p *sdk = dstack_p2p_new_with_options(contract, url, options);
    if (file && setenv("PRIVATE_KEY_FILE", file, 1)) {
        dstack_p2p_free(sdk);
        sdk = NULL;
    }
    free(file);
    return sdk;
}

dstack_p2p *cli_open_with(const cli_run *run, const char *url, const dstack_p2p_options *options, int *status)
{
    const char *contract = cli_value(run, "contract");
    dstack_p2p *sdk = takes_key(run) ? dstack_p2p_new_with_options(contract, url, options)
                                     : open_without_key(contract, url, options);
    *status = CLI_OK;
    if (!sdk)
        *status = cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (dstack_p2p_errcode(sdk))
        *status = cli_fail_sdk(run, sdk);
    if (*status) {
        dstack_p2p_free(sdk);
        return NULL;
    }
    atomic_store(&interruptible, sdk);
    catch_signals();
    return sdk;
}

dstack_p2p *cli_open(const cli_run *run, const char *url, int *status)
{
    dstack_p2p_options options;
    *status = cli_sdk_options(run, &options);
    return *status ? NULL : cli_open_with(run, url, &options, status);
}

void cli_close(dstack_p2p *sdk)
{
    dstack_p2p *current = sdk;
    atomic_compare_exchange_strong(&interruptible, &current, NULL);
    dstack_p2p_free(sdk);
}
