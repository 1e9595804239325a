/* SPDX-License-Identifier: MIT */
#ifndef CLI_PEERS_NOTIFY_H
#define CLI_PEERS_NOTIFY_H

enum { PEERS_NOTIFY_TEXT = 256 };

/** The number of a signal, with or without SIG in front; 0 when it is none that a program is told things
 * with. */
int peers_signal_find(const char *name);

/** The names of those, for sentences. */
extern const char *const peers_signal_names;

/** Reads a process id from a file and sends the signal; 0, or -1 with the reason in `problem`. */
int peers_notify(const char *pid_file, int signal, char problem[static PEERS_NOTIFY_TEXT]);

#endif
