/* SPDX-License-Identifier: MIT */
#include "cli/output_file.h"
#include "cli/peers/notify.h"
#include "cli/peers/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEBOUNCE_MS = 200, DEBOUNCE_MAX_MS = 3600000, COMMAND_MS = 300000, COMMAND_MAX_MS = 86400000 };

static int read_template(watch_settings *it, FILE *file)
{
    char problem[PEERS_PROBLEM_TEXT];
    char *text = malloc(PEERS_TEMPLATE_MAX + 1);
    size_t len = text ? fread(text, 1, PEERS_TEMPLATE_MAX + 1, file) : 0;
    if (!text || ferror(file)) {
        free(text);
        return cli_fail(it->run, CLI_USAGE, "%s: %s", it->template_file, strerror(errno));
    }
    it->template = peers_template_read(text, len, false, problem);
    free(text);
    return it->template ? 0 : cli_fail(it->run, CLI_USAGE, "%s: %s", it->template_file, problem);
}

static int open_template(watch_settings *it)
{
    if (!it->template_file) return 0;
    FILE *file = fopen(it->template_file, "re");
    if (!file) return cli_fail(it->run, CLI_USAGE, "%s: %s", it->template_file, strerror(errno));
    int status = read_template(it, file);
    fclose(file);
    return status;
}

/* Three or four octal digits. */
static int read_mode(watch_settings *it)
{
    char *end;
    const char *text = cli_value(it->run, "mode");
    it->mode = CLI_KEEP_MODE;
    if (!text) return 0;
    unsigned long mode = strtoul(text, &end, 8);
    size_t len = strlen(text);
    if (len < 3 || len > 4 || strspn(text, "01234567") != len || mode > 0777)
        return cli_misuse(it->run, "--mode takes an octal mode from 000 to 777, such as 0640");
    it->mode = (mode_t)mode;
    return 0;
}

static int read_output(watch_settings *it)
{
    it->template_file = cli_value(it->run, "template");
    it->output = cli_value(it->run, "output");
    if (!it->template_file != !it->output)
        return cli_misuse(it->run, "--template and --output belong together");
    if (it->output && !strcmp(it->output, "-") && it->run->json)
        return cli_misuse(it->run, "--json and --output - would both print to standard output");
    if (!it->template_file && cli_has(it->run, "mode")) return cli_misuse(it->run, "--mode is for --output");
    return read_mode(it);
}

static int read_signal(watch_settings *it)
{
    const char *name = cli_value(it->run, "signal");
    it->pid_file = cli_value(it->run, "pid-file");
    if (!name != !it->pid_file) return cli_misuse(it->run, "--signal and --pid-file belong together");
    it->signal = name ? peers_signal_find(name) : 0;
    if (name && !it->signal) return cli_misuse(it->run, "--signal takes one of: %s", peers_signal_names);
    return 0;
}

static int read_command(watch_settings *it)
{
    it->command = cli_value(it->run, "exec");
    it->command_limit_ms = COMMAND_MS;
    it->debounce_ms = DEBOUNCE_MS;
    if (cli_has(it->run, "exec-timeout") && !it->command)
        return cli_misuse(it->run, "--exec-timeout is for --exec");
    if (cli_milliseconds(it->run, "exec-timeout", COMMAND_MAX_MS, &it->command_limit_ms) ||
        cli_milliseconds(it->run, "debounce", DEBOUNCE_MAX_MS, &it->debounce_ms))
        return CLI_USAGE;
    return 0;
}

int watch_settings_read(watch_settings *it, const cli_run *run)
{
    *it = (watch_settings){.run = run};
    it->others_only = cli_has(run, "exclude-self");
    it->once = cli_has(run, "once");
    it->exit_on_failure = cli_has(run, "exit-on-failure");
    if (read_output(it) || read_signal(it) || read_command(it)) return CLI_USAGE;
    return open_template(it);
}
