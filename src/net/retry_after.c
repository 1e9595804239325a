/* SPDX-License-Identifier: MIT */
#include "net/retry_after.h"

#include <curl/curl.h>
#include <string.h>

enum { VALUE_MAX = 64, SECONDS_MAX = NET_RETRY_AFTER_MAX_MS / 1000 };

static int64_t read_seconds(const char *digits)
{
    int64_t seconds = 0;
    for (; *digits && seconds <= SECONDS_MAX; digits++)
        seconds = seconds * 10 + (*digits - '0');
    return seconds;
}

static time_t read_date(const char *text)
{
    return text && strlen(text) <= VALUE_MAX ? curl_getdate(text, NULL) : -1;
}

uint64_t net_retry_after_ms(const char *value, const char *date, time_t now)
{
    int64_t seconds = 0;
    if (!value) return 0;
    if (*value && !value[strspn(value, "0123456789")]) {
        seconds = read_seconds(value);
    } else {
        time_t until = read_date(value), from = read_date(date);
        if (until != -1) seconds = (int64_t)until - (int64_t)(from != -1 ? from : now);
    }
    if (seconds <= 0) return 0;
    return (uint64_t)(seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1000;
}
