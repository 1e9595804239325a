/* SPDX-License-Identifier: MIT */
#include "hearsay.h"
#include "peers.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The end of the year 9999: what comes later is no time that a page can show. */
static const json_int_t time_max = 253402300799;

static bool read_one(const json_t *entry, hello_told *out)
{
    const char *id = json_string_value(json_object_get(entry, "instance_id"));
    const json_t *contact = json_object_get(entry, "last_contact");
    if (!id || !peers_is_id(id)) return false;
    memcpy(out->id, id, sizeof out->id);
    out->at = json_integer_value(contact);
    if (out->at > 0 && out->at <= time_max) return true;
    /* Neither answered nor failed: it has not been greeted yet. */
    out->at = 0;
    return json_is_null(contact) && json_is_string(json_object_get(entry, "error"));
}

static const char *read_all(const json_t *entries, hello_told **told, size_t *count)
{
    size_t most = json_array_size(entries);
    if (most > HEARSAY_PEERS) most = HEARSAY_PEERS;
    if (!json_is_array(entries)) return "the answer has no peer_info";
    hello_told *all = most ? calloc(most, sizeof *all) : NULL;
    if (most && !all) return "out of memory";
    for (size_t i = 0; i < most; i++)
        if (read_one(json_array_get(entries, i), &all[*count])) (*count)++;
    *told = all;
    return NULL;
}

const char *hearsay_parse(const char *body, size_t len, hello_told **told, size_t *count)
{
    json_error_t error;
    *told = NULL;
    *count = 0;
    json_t *root = json_loadb(body ? body : "", len, JSON_REJECT_DUPLICATES, &error);
    const char *problem =
        root ? read_all(json_object_get(root, "peer_info"), told, count) : "the answer is not JSON";
    json_decref(root);
    return problem;
}
