/* SPDX-License-Identifier: MIT */
#include "cli/manual/kinds.h"

#include <string.h>

manual_kind manual_kind_of(const char *argument)
{
    static const struct {
        const char *name;
        manual_kind kind;
    } known[] = {{"FILE", MANUAL_FILE},
                 {"ENDPOINT", MANUAL_FILE},
                 {"SOCKET", MANUAL_FILE},
                 {"DIR", MANUAL_DIR},
                 {"COMMAND", MANUAL_PROGRAM}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(argument, known[i].name)) return known[i].kind;
    return strchr(argument, '|') ? MANUAL_WORDS : MANUAL_UNKNOWN;
}

/* A token in which a bar is; brackets and dots around it are not of the words. */
void manual_words(const char *argument, char *words, size_t size)
{
    size_t len = 0;
    for (*words = '\0'; *argument; argument += *argument == ' ') {
        size_t token = strcspn(argument, " ");
        if (memchr(argument, '|', token))
            for (size_t i = 0; i < token && len + 2 < size; i++) {
                if (strchr("[].", argument[i])) continue;
                words[len++] = (char)(argument[i] == '|' ? ' ' : argument[i]);
            }
        words[len] = '\0';
        argument += token;
    }
}
