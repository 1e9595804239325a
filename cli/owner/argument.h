/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_ARGUMENT_H
#define CLI_OWNER_ARGUMENT_H

#include "cli/run.h"
#include "eth/abi.h"

/*
 * The arguments of the contract's functions as the command line has them, checked by the contract's rules
 * before anything is asked or paid for.
 */

typedef enum owner_kind {
    OWNER_INSTANCE,        /**< 40 lowercase hex digits, not zero */
    OWNER_ADDRESS,         /**< 0x and 40 hex digits, not zero */
    OWNER_ADDRESS_OR_ZERO, /**< the same, zero included */
    OWNER_APP,             /**< an app id: 40 hex digits with or without 0x, not zero */
    OWNER_DOMAIN,          /**< a base domain */
    OWNER_HASH,            /**< 64 hex digits with or without 0x */
    OWNER_SWITCH,          /**< "on" or "off" */
    OWNER_SECONDS          /**< a time in whole seconds; 0 = none */
} owner_kind;

/** One that was read. It must not move, for `abi` may point into it, and at the text. */
typedef struct owner_argument {
    eth_abi_arg abi;
    const char *text;    /**< as given; borrowed */
    uint8_t bytes32[32]; /**< the address or id in the first 20 bytes, or the hash */
} owner_argument;

/** 0, or CLI_USAGE having said what is wrong; `what` names it in the sentence. */
int owner_read_argument(const cli_run *run, const char *what, owner_kind kind, const char *text,
                        owner_argument *out);

/** CLI_USAGE when an argument of the command is given twice: the second transaction could only fail. */
int owner_refuse_repeats(const cli_run *run);

#endif
