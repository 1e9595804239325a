/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_CALL_H
#define CLI_OWNER_CALL_H

#include "cli/owner/argument.h"
#include "cluster/order.h"

/*
 * Most of the owner's commands are a row: a function of the contract, and what its arguments are.
 */

enum { OWNER_ARGUMENTS_MAX = 2 };

typedef struct owner_call {
    const char *function; /**< in the contract */
    uint32_t selector;
    const char *names[OWNER_ARGUMENTS_MAX]; /**< for sentences, "an instance id" */
    owner_kind kinds[OWNER_ARGUMENTS_MAX];
    size_t argument_count;   /**< of the function: with one, each argument of the command is a call */
    const char *intent;      /**< the question's beginning, of which the arguments are the end: "ban" */
    const char *consequence; /**< the rest of the sentence: what it does to others; NULL = nothing */
    const char *only_for;    /**< the argument that it does so with, of switches; NULL = any */
    /** What is wrong with them beyond that: a status, having said so; NULL = nothing. */
    int (*check)(const cli_run *run, dstack_p2p *sdk, const owner_argument *first);
} owner_call;

/** Options of whatever is sent to the contract. */
enum { OWNER_TAKES = CLI_CONTRACT | CLI_CHAIN | CLI_PAYS | CLI_SPENDS };

/** The members that the rows of such commands have in common. */
#define OWNER_CALL_COMMAND .group = CLI_OWNER, .takes = OWNER_TAKES, .run = owner_run_call

/** What a tightening does to others. */
extern const char owner_tightens[];

/** Runs a command whose `detail` is an owner_call. */
int owner_run_call(cli_run *run);

#endif
