/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <string.h>

typedef struct sim_query {
    json_t *fields;
    const char *problem;
} sim_query;

static enum MHD_Result take(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                            const char *value, size_t len)
{
    sim_query *query = context;
    json_t *text = json_stringn(value ? value : "", len);
    (void)kind;
    if (strlen(name) != name_len)
        query->problem = "the query has a NUL in a field's name";
    else if (json_object_get(query->fields, name))
        query->problem = "the query has a field twice";
    else if (!text || json_object_set(query->fields, name, text))
        query->problem = "the query is not UTF-8";
    json_decref(text);
    return query->problem ? MHD_NO : MHD_YES;
}

json_t *sim_query_parse(struct MHD_Connection *connection, sim_answer *answer)
{
    sim_query query = {.fields = json_object()};
    if (!query.fields) query.problem = "out of memory";
    if (query.fields) MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take, &query);
    if (!query.problem) return query.fields;
    json_decref(query.fields);
    sim_answer_error(answer, 400, "%s", query.problem);
    return NULL;
}
