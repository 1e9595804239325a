/* SPDX-License-Identifier: MIT */
#ifndef HELLO_FIGURES_H
#define HELLO_FIGURES_H

#include "node.h"

/** What /metrics answers, owned by the caller; NULL when out of memory. */
char *figures_text(hello_node *self, size_t streams, uint64_t streams_refused);

#endif
