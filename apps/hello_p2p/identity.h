/* SPDX-License-Identifier: MIT */
#ifndef HELLO_IDENTITY_H
#define HELLO_IDENTITY_H

#include "options.h"

/** Prints the instance's identity as JSON. Returns the exit status. */
int identity_print(const hello_options *options);

#endif
