/* SPDX-License-Identifier: MIT */
#include "cli/peers/document.h"
#include "cli/peers/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { NUMBER_TEXT = 24 };

static int start(watch *it, const base_buf *input, size_t count)
{
    char version[NUMBER_TEXT], block[NUMBER_TEXT], peers[NUMBER_TEXT];
    snprintf(version, sizeof version, "%" PRIu64, dstack_p2p_peers_version(it->list));
    snprintf(block, sizeof block, "%" PRIu64, dstack_p2p_peers_block_number(it->list));
    snprintf(peers, sizeof peers, "%zu", count);
    const peers_variable variables[] = {{"DSTACK_P2P_EVENT", it->delivered ? "change" : "start"},
                                        {"DSTACK_P2P_COUNT", peers},
                                        {"DSTACK_P2P_VERSION", version},
                                        {"DSTACK_P2P_BLOCK", block},
                                        {NULL, NULL}};
    it->child_version = dstack_p2p_peers_version(it->list);
    return peers_child_start(&it->child, it->settings.command, input->data, input->len, variables,
                             it->settings.run->json);
}

int watch_start_command(watch *it, uint64_t now)
{
    peers_selection selection;
    base_buf input = base_buf_make(PEERS_DOCUMENT_MAX);
    bool went = peers_select(&selection, it->list, it->settings.others_only);
    if (went) peers_document_write(&input, &selection, true, NULL);
    int problem = !went || base_buf_failed(&input) ? -1 : start(it, &input, selection.count);
    peers_selection_free(&selection);
    base_buf_free(&input);
    if (problem)
        return cli_fail(it->settings.run, CLI_CHILD, "the command cannot be started: %s",
                        problem < 0 ? "out of memory" : strerror(problem));
    if (it->settings.command_limit_ms) it->child.due_ms = now + it->settings.command_limit_ms;
    return CLI_OK;
}

/* A line on standard output, where the others are. */
static void report_json(const watch *it, bool exited, int number)
{
    char line[256], value[NUMBER_TEXT];
    snprintf(value, sizeof value, "%d", number);
    int len = snprintf(line, sizeof line,
                       "{\"kind\": \"command\", \"time\": %" PRIu64 ", \"version\": %" PRIu64
                       ", \"status\": %s, \"signal\": %s, \"timed_out\": %s}\n",
                       (uint64_t)time(NULL), it->child_version, exited ? value : "null",
                       exited ? "null" : value, it->child.asked ? "true" : "false");
    if (len > 0) (void)watch_put(it, line, (size_t)len);
}

bool watch_report_command(const watch *it)
{
    int status = it->child.status;
    bool exited = WIFEXITED(status), went_well = exited && !WEXITSTATUS(status) && !it->child.asked;
    int number = exited ? WEXITSTATUS(status) : WTERMSIG(status);
    if (it->settings.run->json)
        report_json(it, exited, number);
    else
        cli_warn(it->settings.run, "the command for version %" PRIu64 " %s %d%s", it->child_version,
                 exited ? "ended with status" : "was ended by signal", number,
                 it->child.asked ? ", after --exec-timeout" : "");
    return went_well;
}
