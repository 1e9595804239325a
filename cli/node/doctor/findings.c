/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "cli/node/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 1024, NAME_WIDTH = 14, NAME_TEXT = 32 };

static const struct {
    const char *sign, *plain, *colour;
} marks[] = {[DOCTOR_GOOD] = {"\u2713", "ok  ", "\033[32m"},
             [DOCTOR_WARNING] = {"!", "warn", "\033[33m"},
             [DOCTOR_BAD] = {"\u2717", "FAIL", "\033[31m"},
             [DOCTOR_SKIPPED] = {"-", "skip", "\033[2m"}};

/* "guest_agent" is a field for programs; people read "guest agent". */
static void readable(const char *check, char name[static NAME_TEXT])
{
    snprintf(name, NAME_TEXT, "%s", check);
    for (char *at = name; (at = strchr(at, '_'));)
        *at = ' ';
}

static void print(const doctor *self, const char *check, doctor_verdict verdict, const char *remedy,
                  const char *detail)
{
    char name[NAME_TEXT];
    const char *mark = self->utf8 ? marks[verdict].sign : marks[verdict].plain;
    readable(check, name);
    printf("%s%s%s %-*s %s\n", self->coloured ? marks[verdict].colour : "", mark,
           self->coloured ? "\033[0m" : "", NAME_WIDTH, name, detail);
    if (remedy) printf("%*s %s\n", NAME_WIDTH + (self->utf8 ? 2 : 5), "", remedy);
    fflush(stdout);
}

static void keep(doctor *self, const char *check, doctor_verdict verdict, const char *remedy,
                 const char *detail)
{
    json_t *ok = verdict == DOCTOR_SKIPPED ? json_null() : json_boolean(verdict != DOCTOR_BAD);
    json_array_append_new(self->findings,
                          json_pack("{ss so ss so}", "check", check, "ok", ok, "detail", detail, "remedy",
                                    remedy ? json_string(remedy) : json_null()));
}

void doctor_find(doctor *self, const char *check, doctor_verdict verdict, const char *remedy,
                 const char *format, ...)
{
    char detail[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(detail, sizeof detail, format, arguments) < 0) *detail = '\0';
    va_end(arguments);
    base_sanitize(detail);
    self->failed |= verdict == DOCTOR_BAD;
    if (self->run->json)
        keep(self, check, verdict, remedy, detail);
    else
        print(self, check, verdict, remedy, detail);
}
