/* SPDX-License-Identifier: MIT */
#ifndef HELLO_GREETER_H
#define HELLO_GREETER_H

#include "node.h"

#include <stdbool.h>

typedef struct hello_greeter hello_greeter;

/** Starts a thread that greets every peer of the node once, and again with growing pauses while it does
 *  not answer; and who stops answering while somebody looks at the page. NULL: the system refused. */
hello_greeter *greeter_start(hello_node *self);

/** Ends it, greetings on their way included. NULL is allowed. */
void greeter_stop(hello_greeter *self);

#endif
