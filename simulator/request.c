/* SPDX-License-Identifier: MIT */
#include "request.h"

json_t *sim_request_parse(const char *body, size_t len, sim_answer *answer)
{
    json_error_t problem;
    if (len == 0) return json_object();
    json_t *fields = json_loadb(body, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
    if (fields && json_is_object(fields)) return fields;
    if (fields)
        sim_answer_error(answer, 400, "the request's body is JSON, but not an object");
    else
        sim_answer_error(answer, 400, "the request's body is not valid JSON: %s (line %d, column %d)",
                         problem.text, problem.line, problem.column);
    json_decref(fields);
    return NULL;
}

bool sim_request_text(const json_t *fields, const char *name, size_t max, sim_text *text, sim_answer *answer)
{
    const json_t *value = json_object_get(fields, name);
    *text = (sim_text){"", 0};
    if (!value) return true;
    if (!json_is_string(value)) {
        sim_answer_error(answer, 400, "the field %s is not a string", name);
        return false;
    }
    *text = (sim_text){json_string_value(value), json_string_length(value)};
    if (text->len <= max) return true;
    sim_answer_error(answer, 400, "the field %s has %zu bytes, the simulator takes %zu", name, text->len,
                     max);
    return false;
}
