/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/deadline.h"
#include "cli/peers/print.h"
#include "cli/peers/signals.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- wait: until there are enough ---- */

#define TIMEOUT_MAX_MS ((uint64_t)365 * 24 * 3600 * 1000)

enum { TIMEOUT_MS = 300000, AFTER_TEXT = 32 };
#define TIMEOUT_TEXT "5m"

typedef struct wait_goal {
    const cli_run *run;
    peers_printer printer;
    uint64_t least, timeout_ms;
    bool others_only, for_self;
    uint64_t end_ms;
} wait_goal;

static int read_goal(wait_goal *goal, const cli_run *run)
{
    *goal = (struct wait_goal){.run = run, .least = 1, .timeout_ms = TIMEOUT_MS};
    goal->others_only = cli_has(run, "exclude-self");
    goal->for_self = cli_has(run, "for-self");
    if (cli_number(run, "min", 0, 1000000, &goal->least) ||
        cli_milliseconds(run, "timeout", TIMEOUT_MAX_MS, &goal->timeout_ms))
        return CLI_USAGE;
    if (!goal->timeout_ms) return cli_misuse(run, "--timeout takes a time above 0");
    goal->end_ms = peers_now_ms() + goal->timeout_ms;
    return peers_printer_open(&goal->printer, run);
}

/* ---- What there is ---- */

typedef struct wait_standing {
    uint64_t count;
    bool self;
} wait_standing;

static wait_standing look(const wait_goal *goal, const dstack_p2p_peers *list)
{
    wait_standing standing = {.count = dstack_p2p_peers_count(list)};
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++)
        standing.self |= dstack_p2p_peers_at(list, i)->is_self;
    if (goal->others_only && standing.self) standing.count--;
    return standing;
}

static bool is_reached(const wait_goal *goal, wait_standing standing)
{
    return standing.count >= goal->least && (standing.self || !goal->for_self);
}

/* The timeout as it was given; a number alone is one of seconds. */
static void after_text(const wait_goal *goal, char text[static AFTER_TEXT])
{
    const char *given = cli_value(goal->run, "timeout");
    if (!given) given = TIMEOUT_TEXT;
    snprintf(text, AFTER_TEXT, "%s%s", given, given[strspn(given, "0123456789")] ? "" : "s");
}

static int timed_out(const wait_goal *goal, dstack_p2p *sdk, const dstack_p2p_peers *list)
{
    char after[AFTER_TEXT];
    dstack_p2p_status status = {0};
    wait_standing standing = look(goal, list);
    dstack_p2p_monitor_status(sdk, &status);
    after_text(goal, after);
    if (!list)
        return cli_fail(goal->run, CLI_TIMED_OUT, "no list of peers after %s: %s", after,
                        status.code ? status.message : "no node has answered yet");
    return cli_fail(goal->run, CLI_TIMED_OUT, "%" PRIu64 " of %" PRIu64 " %s are there after %s%s%s%s",
                    standing.count, goal->least, goal->others_only ? "other peers" : "peers", after,
                    goal->for_self && !standing.self ? ", this node is not among them" : "",
                    status.code ? "; the list cannot be refreshed: " : "", status.code ? status.message : "");
}

/* ---- Waiting ---- */

/* For people: how far it is. */
static void tell(const wait_goal *goal, const dstack_p2p_peers *list, uint64_t *told)
{
    uint64_t count = look(goal, list).count;
    if (!list || count == *told || !cli_is_terminal(STDERR_FILENO)) return;
    cli_note(goal->run, "%" PRIu64 " of %" PRIu64 " are there", count, goal->least);
    *told = count;
}

static int wait_for(const wait_goal *goal, dstack_p2p *sdk)
{
    dstack_p2p_peers *list = NULL;
    uint64_t told = UINT64_MAX;
    int status = -1;
    for (;;) {
        uint64_t now = peers_now_ms();
        dstack_p2p_peers_free(list);
        list = dstack_p2p_monitor_peers(sdk);
        if (list && is_reached(goal, look(goal, list)))
            status = peers_printer_print(&goal->printer, list);
        else if (peers_signals_count())
            status = cli_fail(goal->run, DSTACK_P2P_ERR_CANCELLED, "interrupted");
        else if (now >= goal->end_ms)
            status = timed_out(goal, sdk, list);
        if (status >= 0) break;
        tell(goal, list, &told);
        peers_signals_wait(dstack_p2p_monitor_fd(sdk), POLLIN, goal->end_ms - now);
    }
    dstack_p2p_peers_free(list);
    return status;
}

/* A guest agent is waited for as long as for the peers, unless the command line says otherwise. */
static dstack_p2p *open_handle(const wait_goal *goal, int *status)
{
    dstack_p2p_options options;
    *status = cli_sdk_options(goal->run, &options);
    unsetenv("DSTACK_P2P_CACHE_FILE"); /* who was there in an earlier run does not count */
    if ((goal->others_only || goal->for_self) && !cli_has(goal->run, "guest-wait") &&
        goal->timeout_ms < DSTACK_P2P_NO_WAIT)
        options.guest_wait_ms = (uint32_t)goal->timeout_ms;
    return *status ? NULL : cli_open_with(goal->run, NULL, &options, status);
}

static int fail_to_know(const wait_goal *goal, const dstack_p2p *sdk, bool late)
{
    static const char silent[] = "the guest agent has not answered after ";
    char after[AFTER_TEXT], why[sizeof silent + AFTER_TEXT];
    if (!late) return peers_fail_to_know_self(goal->run, dstack_p2p_errcode(sdk), dstack_p2p_errmsg(sdk));
    after_text(goal, after);
    snprintf(why, sizeof why, "%s%s", silent, after);
    return peers_fail_to_know_self(goal->run, DSTACK_P2P_ERR_GUEST_UNREACHABLE, why);
}

/* A guest agent that is there and does not answer takes no more than the time there is; and half of it where
 * the list is of use without it. */
static int know_self(const wait_goal *goal, dstack_p2p *sdk)
{
    cli_deadline deadline;
    bool needed = goal->others_only || goal->for_self, known = true;
    uint64_t now = peers_now_ms(), left = goal->end_ms > now ? goal->end_ms - now : 0;
    cli_deadline_begin(&deadline, sdk, needed ? left : left / 2);
    if (needed)
        known = dstack_p2p_instance_id(sdk);
    else
        (void)peers_know_self(goal->run, sdk, false);
    bool late = cli_deadline_end(&deadline);
    if (late) dstack_p2p_resume(sdk);
    if (cli_interrupted()) dstack_p2p_cancel(sdk); /* which may just have been taken back */
    return known ? CLI_OK : fail_to_know(goal, sdk, late && !cli_interrupted());
}

static int watch_for(const wait_goal *goal)
{
    int status;
    dstack_p2p *sdk = open_handle(goal, &status);
    if (sdk) status = know_self(goal, sdk);
    if (!status) {
        peers_signals_begin();
        status =
            dstack_p2p_monitor_start(sdk, NULL, NULL) ? cli_fail_sdk(goal->run, sdk) : wait_for(goal, sdk);
    }
    cli_close(sdk);
    return status;
}

static int run_wait(cli_run *run)
{
    wait_goal goal;
    int status = read_goal(&goal, run);
    if (!status) status = watch_for(&goal);
    peers_printer_close(&goal.printer);
    return status;
}

static const cli_option options[] = {{"min", 'm', "N", NULL, "wait until there are so many (1)"},
                                     {"timeout", 't', "TIME", NULL, "give up after so long (5m)"},
                                     {"for-self", 0, NULL, NULL, "wait until this node is listed, too"},
                                     PEERS_EXCLUDE_SELF,
                                     PEERS_FORMAT,
                                     {0}};

static const char description[] =
    "Waits until the contract lists at least so many peers, and prints them as the command peers does. After "
    "the "
    "timeout the status is 4, and it is said how many there are, or why no node could be asked."
    "\n\n"
    "With --exclude-self this node does not count; with --for-self it has to be among them. Both have to "
    "know which "
    "peer this node is, and wait for the guest agent as long as for the peers, unless --guest-wait says "
    "otherwise; if it has not answered by then, the status is 20. "
    "It is no fixed number that a cluster has to have: who counts, counts those that are listed now.";

const cli_command command_wait = {.name = "wait",
                                  .group = CLI_EVERYONE,
                                  .arguments = "",
                                  .summary = "wait until there are enough peers",
                                  .description = description,
                                  .options = options,
                                  .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST,
                                  .examples =
                                      "dstack-p2p wait --min 3 --timeout 2m && exec my-database\n"
                                      "  # starts it when three nodes are there\n"
                                      "dstack-p2p wait --for-self\n"
                                      "  # once this node is registered\n"
                                      "dstack-p2p wait --min 1 --exclude-self --format '{host_port}'\n"
                                      "  # addresses to join, when there are any\n",
                                  .run = run_wait};
