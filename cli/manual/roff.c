/* SPDX-License-Identifier: MIT */
#include "cli/manual/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { WIDTH = 66 };

/* What is not itself, or is one only with luck: a hyphen may become a dash, and a quotation mark a curly one.
 */
static void put(FILE *out, char byte, bool literal)
{
    switch (byte) {
    case '\\':
        fputs("\\e", out);
        break;
    case '-':
        fputs(literal ? "\\-" : "-", out);
        break;
    case '\'':
        fputs(literal ? "\\(aq" : "'", out);
        break;
    case '`':
        fputs("\\(ga", out);
        break;
    case '^':
        fputs("\\(ha", out);
        break;
    case '~':
        fputs("\\(ti", out);
        break;
    case '"':
        fputs("\\(dq", out);
        break;
    default:
        fputc(byte, out);
    }
}

static bool is_sentence_end(const char *word, size_t len, const char *rest)
{
    return len > 1 && strchr(".!?", word[len - 1]) && isupper((unsigned char)*rest);
}

/* A word of running text; `bold` goes on from word to word between backticks. */
static void put_word(FILE *out, const char *word, size_t len, bool *bold)
{
    bool option = !*bold && len > 2 && !strncmp(word, "--", 2) && islower((unsigned char)word[2]);
    if (option) fputs("\\fB", out);
    for (size_t i = 0; i < len; i++) {
        if (option && i > 1 && !isalnum((unsigned char)word[i]) && word[i] != '-') {
            fputs("\\fP", out);
            option = false;
        }
        if (word[i] == '`') {
            *bold = !*bold;
            fputs(*bold ? "\\fB" : "\\fP", out);
        } else {
            put(out, word[i], *bold || option);
        }
    }
    if (option) fputs("\\fP", out);
}

void roff_text(FILE *out, const char *text)
{
    size_t at = 0;
    bool bold = false;
    while (*text && *text != '\n') {
        size_t len = strcspn(text, " \n");
        const char *rest = text + len + (text[len] == ' ');
        if (at > 0 && at + 1 + len > WIDTH) {
            fputc('\n', out);
            at = 0;
        }
        if (at > 0) fputc(' ', out);
        if (at == 0 && strchr(".'", *text)) fputs("\\&", out);
        put_word(out, text, len, &bold);
        at += len + 1;
        if (is_sentence_end(text, len, rest)) {
            fputc('\n', out);
            at = 0;
        }
        text = rest;
    }
    if (at > 0) fputc('\n', out);
}

void roff_paragraphs(FILE *out, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        roff_text(out, text);
        if (!end) return;
        fputs(".Pp\n", out);
        text = end + 2;
    }
}

void roff_literal(FILE *out, const char *line, size_t len)
{
    if (len > 0 && strchr(".'", *line)) fputs("\\&", out);
    for (size_t i = 0; i < len; i++)
        put(out, line[i], true);
    fputc('\n', out);
}

void roff_argument(FILE *out, const char *word)
{
    fputs("\\&", out);
    for (; *word; word++)
        put(out, *word, true);
}
