/* SPDX-License-Identifier: MIT */
#include "cli/node/times.h"

#include <inttypes.h>
#include <stdio.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

void node_duration(uint64_t to, uint64_t from, char text[static NODE_TIME_TEXT])
{
    uint64_t seconds = to > from ? to - from : 0;
    if (seconds < 2 * MINUTE)
        snprintf(text, NODE_TIME_TEXT, "%" PRIu64 " s", seconds);
    else if (seconds < 2 * HOUR)
        snprintf(text, NODE_TIME_TEXT, "%" PRIu64 " min", seconds / MINUTE);
    else if (seconds < 2 * DAY)
        snprintf(text, NODE_TIME_TEXT, "%" PRIu64 " h %" PRIu64 " min", seconds / HOUR,
                 seconds % HOUR / MINUTE);
    else
        snprintf(text, NODE_TIME_TEXT, "%" PRIu64 " d", seconds / DAY);
}
