/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CELL_MAX = 1024, GAP = 2, LEAST_WIDTH = 12 };

cli_table cli_table_make(const char *const *heads, size_t columns)
{
    return (cli_table){.columns = columns, .heads = heads};
}

static bool grow(cli_table *table)
{
    if (table->count < table->capacity) return true;
    size_t capacity = table->capacity ? 2 * table->capacity : 64;
    char **cells = realloc(table->cells, capacity * sizeof *cells);
    if (!cells) return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

void cli_table_add(cli_table *table, const char *format, ...)
{
    char text[CELL_MAX];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0) *text = '\0';
    va_end(arguments);
    base_sanitize(text);
    char *copy = table->no_memory || !grow(table) ? NULL : strdup(text);
    if (copy)
        table->cells[table->count++] = copy;
    else
        table->no_memory = true;
}

static void measure(const cli_table *table, size_t widths[static CLI_TABLE_COLUMNS])
{
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = strlen(table->heads[i]);
    for (size_t i = 0; i < table->count; i++) {
        size_t len = strlen(table->cells[i]);
        if (len > widths[i % table->columns]) widths[i % table->columns] = len;
    }
}

/* The widest of the columns that can be cut; the number of columns when there is none. */
static size_t find_widest(const cli_table *table, const size_t *widths)
{
    size_t widest = table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        bool can = (table->flexible >> i & 1) && widths[i] > LEAST_WIDTH;
        if (can && (widest == table->columns || widths[i] > widths[widest])) widest = i;
    }
    return widest;
}

/* Cuts the widest columns until all fit the terminal, or none can be cut any further. */
static void fit(const cli_table *table, size_t *widths)
{
    size_t room = cli_columns(STDOUT_FILENO), total = GAP * (table->columns - 1), widest;
    for (size_t i = 0; i < table->columns; i++)
        total += widths[i];
    for (; room && total > room && (widest = find_widest(table, widths)) < table->columns; total--)
        widths[widest]--;
}

/* A cell in a column; what was cut ends with "..". The last one of a row is not padded. */
static void print_cell(const char *cell, size_t width, bool last)
{
    if (strlen(cell) > width)
        printf("%.*s..%*s", (int)width - 2, cell, last ? 0 : GAP, "");
    else if (last)
        fputs(cell, stdout);
    else
        printf("%-*s", (int)(width + GAP), cell);
}

static void print_row(const char *const *cells, size_t columns, const size_t *widths)
{
    for (size_t i = 0; i < columns; i++) {
        bool last = i + 1 == columns;
        if (widths)
            print_cell(cells[i], widths[i], last);
        else
            fputs(cells[i], stdout);
        if (last || !widths) putchar(last ? '\n' : '\t');
    }
}

static void print_head(const cli_table *table, const size_t *widths)
{
    bool coloured = cli_may_colour(STDOUT_FILENO);
    if (coloured) fputs("\033[1m", stdout);
    print_row(table->heads, table->columns, widths);
    if (coloured) fputs("\033[0m", stdout);
}

static void release(cli_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
}

int cli_table_print(const cli_run *run, cli_table *table)
{
    size_t widths[CLI_TABLE_COLUMNS];
    bool pretty = cli_is_terminal(STDOUT_FILENO), no_memory = table->no_memory;
    measure(table, widths);
    if (pretty) fit(table, widths);
    if (pretty && !no_memory) print_head(table, widths);
    for (size_t i = 0; i + table->columns <= table->count && !no_memory; i += table->columns)
        print_row((const char *const *)table->cells + i, table->columns, pretty ? widths : NULL);
    release(table);
    return no_memory ? cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory") : cli_flush(run);
}
