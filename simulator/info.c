/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include "base/hex.h"
#include "measure.h"

#include <stdlib.h>

static json_t *hex(const uint8_t *data, size_t len)
{
    char text[2 * 48 + 1];
    base_hex_encode(data, len, text);
    return json_string(text);
}

/* dstack gives it as text within the answer. */
static char *tcb_info(const sim_measures *measures)
{
    json_t *info = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:s}", "mrtd", hex(measures->mrtd48, 48), "rtmr0",
        hex(measures->rtmr48[0], 48), "rtmr1", hex(measures->rtmr48[1], 48), "rtmr2",
        hex(measures->rtmr48[2], 48), "rtmr3", hex(measures->rtmr48[3], 48), "mr_aggregated",
        hex(measures->mr_aggregated32, 32), "os_image_hash", hex(measures->os_image_hash32, 32),
        "compose_hash", hex(measures->compose_hash32, 32), "device_id", hex(measures->device_id32, 32),
        "event_log", measures->event_log, "app_compose", sim_app_compose);
    char *text = info ? json_dumps(info, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    json_decref(info);
    return text;
}

static char *vm_config(const sim_measures *measures)
{
    json_t *config = json_pack("{s:o, s:i, s:I}", "os_image_hash", hex(measures->os_image_hash32, 32),
                               "cpu_count", 1, "memory_size", (json_int_t)2147483648);
    char *text = config ? json_dumps(config, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(config);
    return text;
}

static json_t *write_info(const sim_call *call, const sim_measures *measures, const char *tcb, const char *vm,
                          const char *provider)
{
    const sim_instance *instance = call->instance;
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:s}", "app_id",
                     hex(call->app->app_id20, 20), "instance_id",
                     hex(instance->id20, call->app->no_instance_id ? 0 : 20), "app_cert", call->keys->ca_cert,
                     "tcb_info", tcb, "app_name", "dstack-p2p-simulator", "device_id",
                     hex(measures->device_id32, 32), "mr_aggregated", hex(measures->mr_aggregated32, 32),
                     "os_image_hash", hex(measures->os_image_hash32, 32), "key_provider_info", provider,
                     "compose_hash", hex(measures->compose_hash32, 32), "vm_config", vm, "cloud_vendor",
                     "dstack-p2p", "cloud_product", "dstack-simulator");
}

void sim_info(const sim_call *call, sim_answer *answer)
{
    sim_measures measures;
    bool measured = sim_measure(&measures, call->keys, call->app, call->instance);
    char *provider = sim_key_provider_info(call->keys);
    char *tcb = measured ? tcb_info(&measures) : NULL;
    char *vm = measured ? vm_config(&measures) : NULL;
    sim_answer_json(answer, provider && tcb && vm ? write_info(call, &measures, tcb, vm, provider) : NULL);
    free(provider);
    free(tcb);
    free(vm);
    sim_measures_free(&measures);
}
