/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "base/error.h"
#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

sim_answer sim_answer_make(void)
{
    return (sim_answer){.status = 200, .body = base_buf_make_secret(SIM_ANSWER_MAX)};
}

void sim_answer_json(sim_answer *answer, json_t *object)
{
    /* dstack's JavaScript client compares Content-Length with the text's length in UTF-16 units and waits
     * for its time-out when they differ: nothing but ASCII may leave. */
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(object);
    base_buf_reset(&answer->body);
    if (!text || !base_buf_puts(&answer->body, text)) {
        answer->status = 500;
        base_buf_reset(&answer->body);
        base_buf_puts(&answer->body, "{\"error\":\"the simulator is out of memory\"}");
    }
    base_wipe_free(text);
}

void sim_answer_error(sim_answer *answer, unsigned status, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    base_sanitize(sentence); /* it may quote the request, cut in the middle of a character */
    answer->status = status;
    sim_answer_json(answer, json_pack("{s:s}", "error", sentence));
}

void sim_answer_free(sim_answer *answer)
{
    base_buf_free(&answer->body);
}
