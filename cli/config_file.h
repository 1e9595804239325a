/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "cli/run.h"

/**
 * Reads the configuration file, if there is one, into the environment, where what is there already wins. It
 * is that of --config or DSTACK_P2P_CONFIG, which must exist, else dstack-p2p.conf in XDG_CONFIG_HOME or
 * ~/.config, else /etc/dstack-p2p.conf. Before any thread is started. 0, or CLI_USAGE having said what is
 * wrong.
 */
int cli_config_file_read(const cli_run *run);

/** Reads the text of one; `name` is what it is called in sentences. The text is changed. */
int cli_config_text_read(const cli_run *run, const char *name, char *text);

#endif
