/* SPDX-License-Identifier: MIT */
#include "cli/confirm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <unistd.h>

/* False when interrupted: also just before the wait, where a signal would go unnoticed if it were let in. */
static bool answered(void)
{
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    fd_set input;
    FD_ZERO(&input);
    FD_SET(STDIN_FILENO, &input);
    bool ready = !cli_interrupted() && pselect(STDIN_FILENO + 1, &input, NULL, NULL, NULL, &before) > 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ready;
}

/* The end of the input, and an interruption, are a no. */
static bool says_yes(void)
{
    char line[16];
    fputs("Go on? [y/N] ", stderr);
    if (!answered() || !fgets(line, sizeof line, stdin)) {
        fputc('\n', stderr);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return !strcasecmp(line, "y") || !strcasecmp(line, "yes");
}

int cli_confirm(const cli_run *run, uint64_t chain_id, const char *intent, const char *sentence)
{
    if (chain_id == CLI_LOCAL_CHAIN || cli_has(run, "yes")) {
        cli_note(run, "%s", intent);
        /* What nobody was asked about is in the log at least. */
        if (chain_id != CLI_LOCAL_CHAIN) cli_note(run, "%s", sentence);
        return CLI_OK;
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return cli_fail(run, CLI_DECLINED, "%s: %s. There is no terminal to ask at: --yes says yes", intent,
                        sentence);
    fprintf(stderr, "%s\n%s\n", intent, sentence);
    return says_yes() ? CLI_OK : cli_fail(run, CLI_DECLINED, "not confirmed; nothing was sent");
}
