/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A sub-command is a row of tables: what it is called, what it takes, what it does. The help, the manual
 * pages and the completions are made of the same rows, so that none of them can say something else.
 */

/**
 * Exit statuses: X(NAME, value, "what it means"). From 10 on they are the library's codes (docs/errors.md):
 * who could not be reached, what was refused.
 */
#define CLI_STATUS_MAP(X)                                                                                    \
    X(OK, 0, "done")                                                                                         \
    X(NO, 1, "it was looked at, and the answer is no")                                                       \
    X(USAGE, 2, "the command line, the configuration file or another file that was given is wrong")          \
    X(DECLINED, 3, "not confirmed: nothing was sent")                                                        \
    X(TIMED_OUT, 4, "what was waited for did not come about")                                                \
    X(CHILD, 5, "a command that was run has failed")                                                         \
    X(OUTPUT, 6, "the output cannot be written")

/** CLI_OK, CLI_NO, ...: see CLI_STATUS_MAP. */
typedef enum cli_status {
#define CLI_STATUS_X(name, value, sentence) CLI_##name = value,
    CLI_STATUS_MAP(CLI_STATUS_X)
#undef CLI_STATUS_X
} cli_status;

/** What may be given, with "--name", and with "-l" if there is a letter. Tables of them end with a zero one.
 */
typedef struct cli_option {
    const char *name;
    char letter; /**< 0 = none */
    /** What it is called in the help; NULL = a flag. "on|off" are all the values that there are, FILE, DIR
     * and ENDPOINT are files, COMMAND is a program: completion goes by that. */
    const char *argument;
    const char *variable; /**< environment variable and key of the configuration file; NULL = none */
    const char *help;     /**< one sentence or more, without a capital or a full stop */
} cli_option;

/** For whom a command is. */
typedef enum cli_group { CLI_OWNER, CLI_NODE, CLI_EVERYONE, CLI_GROUPS } cli_group;

/** Options that commands share. */
enum {
    CLI_CHAIN = 1,       /**< the node and the contract's chain */
    CLI_CONTRACT = 2,    /**< the contract */
    CLI_GUEST = 4,       /**< the guest agent */
    CLI_TRUST = 8,       /**< what peers are checked against */
    CLI_PAYS = 16,       /**< who pays, and how much at most */
    CLI_SPENDS = 32,     /**< dry runs and confirmation: everything that an operator pays for */
    CLI_ROOT = 128,      /**< the part of CLI_TRUST that says what is trusted: the KMS root and apps */
    CLI_NO_CONTRACT = 64 /**< with CLI_CHAIN: the contract's address is no option of it */
};

struct cli_run;

typedef struct cli_command {
    const char *name;
    cli_group group;
    const char *arguments;     /**< as in the help, "INSTANCE..." or "on|off"; "" = none */
    unsigned least, most;      /**< arguments; `most` 0 with `least` 0 = none */
    const char *summary;       /**< half a line */
    const char *description;   /**< paragraphs, separated by an empty line; no line breaks within */
    const cli_option *options; /**< its own; NULL = none */
    unsigned takes;            /**< CLI_CHAIN | ... */
    const char *examples; /**< lines: "command", each followed by a line "  # what it does" if it needs one */
    /** Does it. Returns the exit status, having said on standard error what is wrong unless it is 0. */
    int (*run)(struct cli_run *run);
    const void *detail; /**< the command's own; NULL = none */
} cli_command;

enum { CLI_ARGUMENTS_MAX = 10000 };

/** The commands in the order of the help; NULL beyond the last. */
const cli_command *cli_command_at(size_t index);

/** NULL when there is none of that name. */
const cli_command *cli_command_find(const char *name);

/** The tables of options that a command takes, its own first; NULL beyond the last. */
const cli_option *cli_command_options(const cli_command *command, size_t index);

/** "Cluster owner", "Node", "Everyone". */
const char *cli_group_name(cli_group group);

#endif
