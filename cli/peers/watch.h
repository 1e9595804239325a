/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_WATCH_H
#define CLI_PEERS_WATCH_H

#include "base/buf.h"
#include "cli/peers/child.h"
#include "cli/peers/template.h"
#include "cli/run.h"

/*
 * The command watch: lists come from the monitor's thread, all else is done in one loop, by one thread.
 */

enum { WATCH_RETRY_MS = 1000, WATCH_RETRY_MAX_MS = 60000, WATCH_PATIENCE = 10 };

/** What the command line asks for. */
typedef struct watch_settings {
    const cli_run *run;
    bool others_only, once, exit_on_failure;
    uint64_t debounce_ms;

    const char *template_file, *output; /**< NULL = none; the output may be "-" */
    peers_template *template;
    mode_t mode;

    int signal; /**< 0 = none */
    const char *pid_file;

    const char *command;       /**< NULL = none */
    uint64_t command_limit_ms; /**< 0 = none */
} watch_settings;

typedef struct watch {
    watch_settings settings;
    dstack_p2p *sdk;
    dstack_p2p_peers *list; /**< the last one; NULL = none yet */

    /* A delivery that is due: rendering, the signal, the command. */
    bool pending, delivered;
    bool signalled;            /**< for this list; what comes after that may have to be tried again */
    uint64_t first_ms, due_ms; /**< since when it is pending, and when it is due */
    uint64_t retry_ms;         /**< how long to wait after the next failure */

    base_buf shown;    /**< what was rendered to standard output last */
    uint64_t refusals; /**< a sum over the peers that the template left out */
    peers_child child;
    uint64_t child_version;

    bool done;
    int status; /**< exit status, once it is done */
} watch;

/** Reads the options, and the template. 0, or CLI_USAGE having said what is wrong; the template is the
 * caller's. */
int watch_settings_read(watch_settings *it, const cli_run *run);

/** Watches until a signal comes, or what is to be done once is done. Returns the exit status. */
int watch_run(watch *it);

/* ---- Steps of a delivery ---- */

/** Renders, sends the signal, starts the command. False when it has to be tried again. */
bool watch_deliver(watch *it, uint64_t now);

/** Starts the command with the list. 0, or the exit status having said why not. */
int watch_start_command(watch *it, uint64_t now);

/** Says how the command ended; whether it did well. */
bool watch_report_command(const watch *it);

/* ---- Standard output ---- */

/** Writes what is to be said of a new list; `before` may be NULL. Returns the exit status; counts changes. */
int watch_print(const watch *it, const dstack_p2p_peers *before, const dstack_p2p_peers *after,
                size_t *changes);

/** Writes all of it to standard output, waiting for who reads slowly until a signal comes. */
int watch_put(const watch *it, const char *text, size_t len);

#endif
