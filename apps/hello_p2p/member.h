/* SPDX-License-Identifier: MIT */
#ifndef HELLO_MEMBER_H
#define HELLO_MEMBER_H

#include "node.h"
#include "options.h"

/*
 * Membership, in the main thread. The functions return 0 to go on, or the exit status after having said on
 * standard error what is wrong; stop_requested() tells whether they were interrupted by a signal.
 */

/** Makes the handle with the connection URL, which may take the guest agent's answer. */
int member_open(hello_node *self, const hello_options *options, uint16_t port, dstack_p2p **sdk);

/** Registers for the first time. */
int member_join(hello_node *self, dstack_p2p *sdk, uint32_t retry_s);

/** Waits for a signal; the monitor has to run, for it keeps the registration up. */
void member_stay(hello_node *self, dstack_p2p *sdk);

/** The end after a signal: withdraws when told to, and says whether the contract lists this node from now on.
 *  `sdk` is NULL when the signal came before the guest agent's answer. */
int member_part(hello_node *self, dstack_p2p *sdk, bool withdraw);

#endif
