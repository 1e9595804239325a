/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void base_sanitize(char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) *text = '?';
}

int base_fail(base_error *error, int code, const char *format, ...)
{
    if (!error) return code;
    if (error->code) return error->code;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    base_sanitize(error->text);
    error->code = code;
    return code;
}

void base_error_context(base_error *error, const char *format, ...)
{
    char context[BASE_ERROR_TEXT / 2], sentence[BASE_ERROR_TEXT];
    if (!error || !error->code) return;
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    base_sanitize(context);
    memcpy(sentence, error->text, sizeof sentence);
    size_t used = (size_t)snprintf(error->text, sizeof error->text, "%s: ", context);
    snprintf(error->text + used, sizeof error->text - used, "%s", sentence);
}

void base_error_clear(base_error *error)
{
    error->code = 0;
    error->text[0] = '\0';
}
