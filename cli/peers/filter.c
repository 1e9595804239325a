/* SPDX-License-Identifier: MIT */
#include "cli/peers/filter.h"

#include <string.h>

#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

peers_filter peers_filter_find(const char *name, size_t len)
{
    static const char *const names[PEERS_FILTERS] = {"", "raw", "json", "shell"};
    size_t i = PEERS_RAW;
    while (i < PEERS_FILTERS && (strlen(names[i]) != len || memcmp(names[i], name, len)))
        i++;
    return (peers_filter)i;
}

static void write_json(base_buf *out, const char *text)
{
    base_buf_puts(out, "\"");
    while (*text) {
        size_t plain = 0;
        while (text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' && text[plain] != '\\')
            plain++;
        base_buf_append(out, text, plain);
        text += plain;
        if (*text) base_buf_printf(out, "\\u%04x", (unsigned char)*text++);
    }
    base_buf_puts(out, "\"");
}

/* Within single quotes nothing means anything but the next one. */
static void write_shell(base_buf *out, const char *text)
{
    base_buf_puts(out, "'");
    for (size_t len; *text; text += len) {
        len = strcspn(text, "'");
        base_buf_append(out, text, len);
        if (text[len] != '\'') continue;
        base_buf_puts(out, "'\\''");
        len++;
    }
    base_buf_puts(out, "'");
}

void peers_filter_write(base_buf *out, peers_filter filter, const char *text)
{
    if (filter == PEERS_JSON)
        write_json(out, text);
    else if (filter == PEERS_SHELL)
        write_shell(out, text);
    else
        base_buf_puts(out, text);
}

bool peers_is_harmless(const char *text)
{
    return strspn(text, ALPHANUMERIC "-._~:/?@=%+[]") == strlen(text) &&
           (!*text || *text == '[' || strspn(text, ALPHANUMERIC));
}
