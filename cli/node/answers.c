/* SPDX-License-Identifier: MIT */
#include "cli/node/answers.h"

#include "metrics.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

node_answer node_answer_json(unsigned status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_ENSURE_ASCII | JSON_INDENT(2)) : NULL;
    char *longer = text ? realloc(text, strlen(text) + 2) : NULL;
    json_decref(body);
    if (longer)
        strcat(longer, "\n");
    else
        free(text);
    return (node_answer){status, "application/json", longer};
}

static node_answer health(node_sidecar *sidecar)
{
    char reason[NODE_REASON_TEXT];
    bool ok = node_sidecar_is_healthy(sidecar, reason);
    return node_answer_json(ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                            json_pack("{ss ss*}", "status", ok ? "ok" : "unavailable",
                                      ok ? "warning" : "reason", *reason ? reason : NULL));
}

static node_answer metrics(node_sidecar *sidecar)
{
    size_t len;
    node_answer it = {MHD_HTTP_OK, METRICS_TYPE, NULL};
    dstack_p2p_status status = {.age_ms = UINT64_MAX};
    FILE *out = open_memstream(&it.text, &len);
    if (!out) return it;
    pthread_mutex_lock(&sidecar->lock);
    if (sidecar->watched) (void)dstack_p2p_monitor_status(sidecar->watched, &status);
    pthread_mutex_unlock(&sidecar->lock);
    metrics_word(out, "dstack_p2p_build_info", "Version of the library.", "version", dstack_p2p_version());
    metrics_value(out, "process_start_time_seconds", METRICS_GAUGE, "When the process started, since 1970.",
                  sidecar->started_s);
    metrics_status(out, &status);
    bool failed = ferror(out);
    if (!fclose(out) && !failed) return it;
    free(it.text);
    it.text = NULL;
    return it;
}

node_answer node_answer_to(node_sidecar *sidecar, bool reads, const char *path)
{
    if (!reads)
        return node_answer_json(MHD_HTTP_METHOD_NOT_ALLOWED,
                                json_pack("{ss}", "error", "only GET and HEAD are served"));
    if (!strcmp(path, "/health")) return health(sidecar);
    if (!strcmp(path, "/metrics")) return metrics(sidecar);
    return node_answer_json(MHD_HTTP_NOT_FOUND,
                            json_pack("{ss}", "error", "there are /health, /metrics and /peers"));
}
