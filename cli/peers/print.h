/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_PRINT_H
#define CLI_PEERS_PRINT_H

#include "cli/peers/template.h"
#include "cli/run.h"

/** Rows of the options that print a list, and of which peers. */
#define PEERS_EXCLUDE_SELF                                                                                   \
    {                                                                                                        \
        "exclude-self", 0, NULL, NULL,                                                                       \
            "leave this node out; an error when the guest agent cannot say which it is"                      \
    }
#define PEERS_FORMAT                                                                                         \
    {                                                                                                        \
        "format", 'f', "TEXT", NULL,                                                                         \
            "print TEXT for each peer, such as '{host}:{port}': {instance_id} {url} {host} {port} "          \
            "{host_port} "                                                                                   \
            "{address} {registered_at} {expires_at} {is_self} and others, {{ and }} for braces, \\n and \\t" \
    }

/** How the list of a command is printed. */
typedef struct peers_printer {
    const cli_run *run;
    peers_template *format; /**< NULL = a table, or JSON */
} peers_printer;

/** Reads --format. 0, or CLI_USAGE having said what is wrong; to be freed in any case. */
int peers_printer_open(peers_printer *printer, const cli_run *run);
void peers_printer_close(peers_printer *printer);

/** Prints the list as the options want it. Returns the exit status. */
int peers_printer_print(const peers_printer *printer, const dstack_p2p_peers *list);

/** Has the handle know which peer is this node, if the options need that. Returns the exit status. */
int peers_know_self(const cli_run *run, dstack_p2p *sdk, bool needed);

/** Says that it could not, and why. Returns the exit status for the code. */
int peers_fail_to_know_self(const cli_run *run, int code, const char *why);

#endif
