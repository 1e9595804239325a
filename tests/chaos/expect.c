/* SPDX-License-Identifier: MIT */
#include "chaos/expect.h"

#include <stdio.h>

int stage_make(void **state)
{
    *state = calloc(1, sizeof(stage));
    return *state ? 0 : -1;
}

int stage_unmake(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

void expect_told_at(stage *it, size_t count, const char *file, int line)
{
    if (!recorder_is_content(&it->recorder)) {
        print_error("%s\n", it->recorder.failure);
        _fail(file, line);
    }
    if (!stage_is_right(it)) _fail(file, line);
    if (stage_told(it) == count) return;
    print_error("%zu changes were told, not %zu\n", stage_told(it), count);
    _fail(file, line);
}

void expect_status_at(stage *it, int code, const char *part, const char *file, int line)
{
    dstack_p2p_status status = stage_status(it);
    if (status.code == code && strstr(status.message, part)) return;
    print_error("%d (%s), not %d (%s)\n", status.code, status.message, code, part);
    _fail(file, line);
}
