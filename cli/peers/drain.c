/* SPDX-License-Identifier: MIT */
#include "cli/peers/drain.h"

enum { ENOUGH = 64 * 1024 };

/* What goes wrong stays with the stream, for who flushes it. */
static void write_out(base_buf *out, FILE *to)
{
    if (out->len) fwrite(out->data, 1, out->len, to);
    base_buf_reset(out);
}

void peers_drain(base_buf *out, FILE *to)
{
    if (to && out->len >= ENOUGH && !base_buf_failed(out)) write_out(out, to);
}

bool peers_drain_end(base_buf *out, FILE *to)
{
    bool failed = base_buf_failed(out);
    if (!failed) write_out(out, to);
    base_buf_free(out);
    return !failed;
}
