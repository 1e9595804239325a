/* SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/run.h"

/*
 * Rows of text: on a terminal with a head and in columns, elsewhere without one and with tabs in between, as
 * other programs like to read them.
 */

enum { CLI_TABLE_COLUMNS = 12 };

typedef struct cli_table {
    size_t columns;
    const char *const *heads; /**< borrowed */
    char **cells;
    size_t count, capacity;
    bool no_memory;
    unsigned flexible; /**< bits of the columns that are cut when the terminal is too narrow for all */
} cli_table;

cli_table cli_table_make(const char *const *heads, size_t columns);

/** Adds a cell; rows are filled from the left. The text is copied; control bytes become '?'. */
void cli_table_add(cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Prints it, and frees it. CLI_OK, CLI_OUTPUT or NO_MEMORY. */
int cli_table_print(const cli_run *run, cli_table *table);

#endif
