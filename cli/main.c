/* SPDX-License-Identifier: MIT */

/*
 * dstack-p2p: one program for the whole life of a cluster.
 */

#include "cli/config_file.h"
#include "cli/help.h"
#include "cli/parse.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 40 };

static int unknown(const char *name)
{
    /* What is long may be a private key in the wrong place. */
    fprintf(stderr, "dstack-p2p: there is no command '%s'\nTry 'dstack-p2p --help'.\n",
            strlen(name) > SHOWN_MAX ? "..." : name);
    return CLI_USAGE;
}

static int end_output(void)
{
    if (!fflush(stdout) && !ferror(stdout)) return CLI_OK;
    /* Who reads no further, as head does, knows. */
    if (errno != EPIPE) fprintf(stderr, "dstack-p2p: the output cannot be written: %s\n", strerror(errno));
    return CLI_OUTPUT;
}

static int help(const char *name)
{
    const cli_command *command = name ? cli_command_find(name) : NULL;
    if (name && !command) return unknown(name);
    if (command)
        cli_help_command(command);
    else
        cli_help();
    return end_output();
}

static int run(const cli_command *command, int argc, char **argv)
{
    cli_run run;
    int status = cli_parse(&run, command, argc, argv);
    if (status == CLI_HELP) return help(command->name);
    if (status != CLI_GO) return status;
    if ((status = cli_config_file_read(&run))) return status;
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return cli_fail(&run, DSTACK_P2P_ERR_SYSTEM, "libcurl cannot be started");
    status = command->run(&run);
    curl_global_cleanup();
    return status;
}

/* Where one of the three is closed, the next file or connection would take its place, and get what is
 * printed. What holds the place fails as a closed one does. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    hold_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    if (!name) {
        fputs("dstack-p2p: a command is expected\nTry 'dstack-p2p --help'.\n", stderr);
        return CLI_USAGE;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
        return help(argc > 2 ? argv[2] : NULL);
    if (!strcmp(name, "--version")) {
        printf("dstack-p2p %s\n", dstack_p2p_version());
        return end_output();
    }
    const cli_command *command = cli_command_find(name);
    return command ? run(command, argc - 1, argv + 1) : unknown(name);
}
