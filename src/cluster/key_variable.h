/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_KEY_VARIABLE_H
#define CLUSTER_KEY_VARIABLE_H

#include <stdbool.h>

/** Room for the longest text that may be a key, white space around it, and a NUL. */
enum { CLUSTER_KEY_TEXT = 258 };

/**
 * Copies PRIVATE_KEY, cut to what fits; false when there is none. The first call takes it out of the
 * environment, where children would inherit it and /proc would show it, and keeps it in a secret block for
 * the process's later handles; a newer value replaces it. Any thread, but see unsetenv().
 */
bool cluster_key_variable(char text[static CLUSTER_KEY_TEXT]);

/** Forgets what is kept: when the library is unloaded, and for tests. */
void cluster_key_variable_forget(void);

#endif
