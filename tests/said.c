/* SPDX-License-Identifier: MIT */
#include "said.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *said;
static int kept_fd;

int said_begin(void **state)
{
    (void)state;
    said = tmpfile();
    kept_fd = dup(STDERR_FILENO);
    return said && kept_fd >= 0 && dup2(fileno(said), STDERR_FILENO) >= 0 ? 0 : -1;
}

int said_end(void **state)
{
    (void)state;
    fflush(stderr);
    dup2(kept_fd, STDERR_FILENO);
    close(kept_fd);
    return fclose(said);
}

void expect_said(const char *part)
{
    char text[4096];
    fflush(stderr);
    rewind(said);
    text[fread(text, 1, sizeof text - 1, said)] = '\0';
    if (!strstr(text, part)) fail_msg("'%s' is not in '%s'", part, text);
    rewind(said);
    if (ftruncate(fileno(said), 0)) fail();
}
