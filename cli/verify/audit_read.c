/* SPDX-License-Identifier: MIT */
#include "cli/verify/audit.h"
#include "cli/verify/audit_format.h"
#include "cli/verify/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An audit as somebody has saved it: strictly, for what is read wrong might be taken as proven. */

static cli_fields inside(const cli_fields *outer, const char *name, size_t index, const char *part)
{
    cli_fields fields = {.object = name ? cli_fields_get(outer, name) : outer->object, .error = outer->error};
    if (*part)
        snprintf(fields.where, sizeof fields.where, "peer %zu, %s: ", index, part);
    else
        snprintf(fields.where, sizeof fields.where, "peer %zu: ", index);
    return fields;
}

/* ---- A peer ---- */

static bool read_url(const cli_fields *fields, char url[static REGISTRY_URL_MAX + 1])
{
    const char *text = cli_fields_text(fields, "url");
    if (!text) return false;
    size_t len = strlen(text);
    bool ok = len > 0 && len <= REGISTRY_URL_MAX;
    for (size_t i = 0; i < len && ok; i++)
        ok = text[i] >= 0x21 && text[i] <= 0x7e;
    if (!ok) return cli_fields_refuse(fields, "url", "is not 1 to 256 visible ASCII bytes");
    memcpy(url, text, len + 1);
    return true;
}

static bool read_event(const cli_fields *peer, size_t index, cli_audit_peer *out)
{
    static const char *const names[] = {"block_number", "block_hash",    "transaction_hash", "log_index",
                                        "derived_key",  "app_signature", "kms_signature",    NULL};
    registry_event *event = &out->event;
    cli_fields fields = inside(peer, "event", index, "event");
    if (json_is_null(fields.object)) return true;
    out->has_event = true;
    event->kind = REGISTRY_PEER_REGISTERED;
    return cli_fields_open(&fields, names) &&
           cli_fields_number(&fields, "block_number", &event->block_number) &&
           cli_fields_hex(&fields, "block_hash", event->block_hash32, 32) &&
           cli_fields_hex(&fields, "transaction_hash", event->tx_hash32, 32) &&
           cli_fields_number(&fields, "log_index", &event->log_index) &&
           cli_fields_hex(&fields, "derived_key", event->derived_key33, 33) &&
           cli_fields_hex(&fields, "app_signature", event->app_signature73, REGISTRY_APP_SIGNATURE) &&
           cli_fields_hex(&fields, "kms_signature", event->kms_signature118, REGISTRY_KMS_SIGNATURE);
}

static bool read_anchor(const cli_fields *peer, size_t index, cli_audit_peer *out)
{
    static const char *const names[] = {"number", "hash", NULL};
    uint64_t number;
    cli_fields fields = inside(peer, "anchor", index, "anchor");
    if (json_is_null(fields.object)) return true;
    if (!out->has_event) return cli_fields_refuse(peer, "anchor", "is there, and no event");
    out->has_anchor = true;
    if (!cli_fields_open(&fields, names) || !cli_fields_number(&fields, "number", &number) ||
        !cli_fields_hex(&fields, "hash", out->anchor_hash32, 32))
        return false;
    return number == registry_event_anchor(&out->event) ||
           cli_fields_refuse(&fields, "number", "is not the one in app_signature");
}

/* What follows from the event is said for readers, and must be what follows. */
static bool check_derived(const cli_fields *fields, const cli_audit_peer *peer)
{
    uint8_t app_id[20], app_key[33], root[20], said[20];
    bool has_root = cli_audit_peer_root(peer, root);
    if (json_is_null(cli_fields_get(fields, "app_id")) == peer->has_event)
        return cli_fields_refuse(fields, "app_id", "does not fit the event");
    if (json_is_null(cli_fields_get(fields, "app_key")) == peer->has_event)
        return cli_fields_refuse(fields, "app_key", "does not fit the event");
    if (json_is_null(cli_fields_get(fields, "kms_root")) == has_root)
        return cli_fields_refuse(fields, "kms_root", "does not fit the event");
    if (peer->has_event && (!cli_fields_id(fields, "app_id", app_id) ||
                            !cli_fields_hex(fields, "app_key", app_key, sizeof app_key)))
        return false;
    if (peer->has_event && memcmp(app_id, cli_audit_app_id(peer), sizeof app_id) != 0)
        return cli_fields_refuse(fields, "app_id", "is not the one in kms_signature");
    if (peer->has_event && memcmp(app_key, cli_audit_app_key(peer), sizeof app_key) != 0)
        return cli_fields_refuse(fields, "app_key", "is not the one in kms_signature");
    if (has_root && !cli_fields_address(fields, "kms_root", said)) return false;
    return !has_root || !memcmp(root, said, 20) ||
           cli_fields_refuse(fields, "kms_root", "is not the one that made kms_signature");
}

static bool read_peer(const cli_fields *list, size_t index, cli_audit_peer *out)
{
    static const char *const names[] = {"instance_id", "url",    "instance_address", "registered_at",
                                        "expires_at",  "app_id", "app_key",          "kms_root",
                                        "verdict",     "event",  "anchor",           NULL};
    cli_fields fields = inside(list, NULL, index, "");
    fields.object = json_array_get(list->object, index);
    return cli_fields_open(&fields, names) && cli_fields_id(&fields, "instance_id", out->event.instance20) &&
           read_url(&fields, out->event.url) &&
           cli_fields_address(&fields, "instance_address", out->event.address20) &&
           cli_fields_number(&fields, "registered_at", &out->registered_at) &&
           cli_fields_number(&fields, "expires_at", &out->expires_at) && read_event(&fields, index, out) &&
           read_anchor(&fields, index, out) && check_derived(&fields, out);
}

/* ---- All of them ---- */

static int by_instance(const void *a, const void *b)
{
    const cli_audit_peer *const *left = a, *const *right = b;
    return memcmp((*left)->event.instance20, (*right)->event.instance20, 20);
}

/* The same peer twice would count twice. */
static bool check_unique(const cli_fields *list, const cli_audit *audit)
{
    bool unique = true;
    const cli_audit_peer **sorted = malloc((audit->count + 1) * sizeof *sorted);
    if (!sorted) return !base_fail(list->error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < audit->count; i++)
        sorted[i] = &audit->peers[i];
    qsort(sorted, audit->count, sizeof *sorted, by_instance);
    for (size_t i = 1; i < audit->count && unique; i++) {
        if (by_instance(&sorted[i - 1], &sorted[i]) != 0) continue;
        size_t later = (size_t)((sorted[i] > sorted[i - 1] ? sorted[i] : sorted[i - 1]) - audit->peers);
        cli_fields fields = inside(list, NULL, later, "");
        unique = cli_fields_refuse(&fields, "instance_id", "is an earlier peer's too");
    }
    free(sorted);
    return unique;
}

static bool read_peers(const cli_fields *top, cli_audit *audit)
{
    cli_fields list = {.object = cli_fields_get(top, "peers"), .error = top->error};
    if (!json_is_array(list.object)) return cli_fields_refuse(top, "peers", "is no array");
    size_t count = json_array_size(list.object);
    audit->peers = calloc(count ? count : 1, sizeof *audit->peers);
    if (!audit->peers) return !base_fail(top->error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (; audit->count < count; audit->count++)
        if (!read_peer(&list, audit->count, &audit->peers[audit->count])) return false;
    return check_unique(&list, audit);
}

static bool read_block(const cli_fields *top, cli_audit *audit)
{
    static const char *const names[] = {"number", "hash", "time", NULL};
    cli_fields fields = {.object = cli_fields_get(top, "block"), .where = "block: ", .error = top->error};
    return cli_fields_open(&fields, names) && cli_fields_number(&fields, "number", &audit->block_number) &&
           cli_fields_hex(&fields, "hash", audit->block_hash32, 32) &&
           cli_fields_number(&fields, "time", &audit->block_time);
}

static bool read_apps(const cli_fields *top, cli_audit *audit)
{
    const json_t *list = cli_fields_get(top, "app_ids");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > CLUSTER_APPS_MAX)
        return cli_fields_refuse(top, "app_ids", "is no array of at most 16");
    for (; audit->app_count < count; audit->app_count++)
        if (!cli_fields_read_id(json_array_get(list, audit->app_count), audit->app_ids20[audit->app_count]))
            return cli_fields_refuse(top, "app_ids", "holds what is not 40 lowercase hex digits");
    return true;
}

static bool read_source(const cli_fields *top, cli_audit *audit)
{
    const char *name = cli_fields_text(top, "kms_root_from");
    for (audit->source = 0; name && audit->source < CLI_AUDIT_SOURCES; audit->source++)
        if (!strcmp(name, cli_audit_source_name(audit->source))) return true;
    return cli_fields_refuse(top, "kms_root_from", "is not option, guest_agent or contract");
}

static bool read_head(cli_fields *top, cli_audit *audit)
{
    static const char *const names[] = {"format",   "chain_id",          "contract",      "block",
                                        "kms_root", "contract_kms_root", "kms_root_from", "app_ids",
                                        "proven",   "not_proven",        "peers",         NULL};
    const json_t *format = json_object_get(top->object, "format");
    const char *text = json_string_value(format);
    if (!text || strcmp(text, CLI_AUDIT_FORMAT) != 0)
        return !base_fail(top->error, DSTACK_P2P_ERR_INVALID_ARGUMENT,
                          "it is no audit: its format is not " CLI_AUDIT_FORMAT);
    return cli_fields_open(top, names) && cli_fields_number(top, "chain_id", &audit->chain_id) &&
           cli_fields_address(top, "contract", audit->contract20) && read_block(top, audit) &&
           cli_fields_address(top, "kms_root", audit->kms_root20) &&
           cli_fields_address(top, "contract_kms_root", audit->contract_root20) && read_source(top, audit) &&
           read_apps(top, audit);
}

/* Against its own root and apps: whoever changed a part of it did not change all of it. */
static bool check_verdicts(const cli_fields *top, const cli_audit *audit)
{
    uint64_t proven, not_proven;
    const json_t *list = cli_fields_get(top, "peers");
    cli_fields all = {.object = list, .error = top->error};
    for (size_t i = 0; i < audit->count; i++) {
        cli_fields fields = inside(&all, NULL, i, "");
        fields.object = json_array_get(list, i);
        const char *said = cli_fields_text(&fields, "verdict");
        if (!said) return false;
        if (strcmp(said, cli_audit_verdict_name(audit->peers[i].verdict)) != 0)
            return cli_fields_refuse(&fields, "verdict", "is not what the evidence says");
    }
    if (!cli_fields_number(top, "proven", &proven) || !cli_fields_number(top, "not_proven", &not_proven))
        return false;
    if (proven != audit->proven) return cli_fields_refuse(top, "proven", "is not the number of them");
    return not_proven == audit->count - audit->proven ||
           cli_fields_refuse(top, "not_proven", "is not the number of them");
}

static bool read_audit(cli_fields *top, cli_audit *audit)
{
    if (!read_head(top, audit) || !read_peers(top, audit)) return false;
    cli_audit_judge(audit);
    return check_verdicts(top, audit);
}

int cli_audit_read(const char *text, size_t len, cli_audit *audit, base_error *error)
{
    json_error_t problem;
    *audit = (cli_audit){0};
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (!root)
        return base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT, "it is no JSON: line %d, column %d: %s",
                         problem.line, problem.column, problem.text);
    cli_fields top = {.object = root, .error = error};
    read_audit(&top, audit);
    json_decref(root);
    return error->code;
}
