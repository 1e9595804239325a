/* SPDX-License-Identifier: MIT */
#include "cli/confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The end of the input, and an interruption, are a no. */
static bool says_yes(void)
{
    char line[16];
    fputs("Go on? [y/N] ", stderr);
    if (!fgets(line, sizeof line, stdin)) {
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
        return CLI_OK;
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return cli_fail(run, CLI_DECLINED, "%s: %s. There is no terminal to ask at: --yes says yes", intent,
                        sentence);
    fprintf(stderr, "%s\n%s\n", intent, sentence);
    return says_yes() ? CLI_OK : cli_fail(run, CLI_DECLINED, "not confirmed; nothing was sent");
}
