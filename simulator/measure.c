/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "base/buf.h"
#include "base/hex.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* dstack's number for events at run time; the others are what firmware would write. */
enum { EVENT_RUNTIME = 0x08000001, EVENT_FIRMWARE = 0x00000004 };

const char sim_app_compose[] =
    "{\"manifest_version\":2,\"name\":\"dstack-p2p-simulator\",\"runner\":\"docker-compose\","
    "\"docker_compose_file\":\"services: {}\",\"gateway_enabled\":true,"
    "\"public_logs\":true,\"public_sysinfo\":true,\"public_tcbinfo\":true,"
    "\"key_provider\":\"kms\",\"no_instance_id\":false}";

char *sim_key_provider_info(const sim_appkeys *keys)
{
    json_t *info = json_pack("{s:s, s:s}", "name", keys->kms_signature_len ? "kms" : "local", "id",
                             keys->kms_signature_len ? keys->key_provider_id : "");
    char *text = info ? json_dumps(info, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(info);
    return text;
}

static bool hash(const EVP_MD *type, const void *data, size_t len, uint8_t *out)
{
    return EVP_Digest(data, len, out, NULL, type, NULL) == 1;
}

static bool hash_name(const EVP_MD *type, const char *name, uint8_t *out)
{
    return hash(type, name, strlen(name), out);
}

/* register = SHA-384(register || digest), and a line in the log. */
static bool extend(sim_measures *measures, int index, unsigned type, const uint8_t digest48[static 48],
                   const char *name, const char *payload_hex)
{
    uint8_t input[96];
    char digest_hex[97];
    memcpy(input, measures->rtmr48[index], 48);
    memcpy(input + 48, digest48, 48);
    base_hex_encode(digest48, 48, digest_hex);
    json_t *event = json_pack("{s:i, s:I, s:s, s:s, s:s}", "imr", index, "event_type", (json_int_t)type,
                              "digest", digest_hex, "event", name, "event_payload", payload_hex);
    return hash(EVP_sha384(), input, sizeof input, measures->rtmr48[index]) &&
           json_array_append_new(measures->event_log, event) == 0;
}

static bool firmware_event(sim_measures *measures, int index, const char *what)
{
    uint8_t digest[48];
    return hash_name(EVP_sha384(), what, digest) && extend(measures, index, EVENT_FIRMWARE, digest, "", "");
}

/* dstack's digest: SHA-384(event type, little-endian || ":" || name || ":" || payload). */
static bool runtime_event(sim_measures *measures, const char *name, const void *payload, size_t len)
{
    static const uint8_t type[5] = {0x01, 0x00, 0x00, 0x08, ':'};
    uint8_t digest[48];
    base_buf input = base_buf_make(1024), hex = base_buf_make(2048);
    base_buf_append(&input, type, sizeof type);
    base_buf_puts(&input, name);
    base_buf_puts(&input, ":");
    base_buf_append(&input, payload, len);
    base_buf_hex(&hex, payload, len);
    bool done = !base_buf_failed(&input) && !base_buf_failed(&hex) &&
                hash(EVP_sha384(), input.data, input.len, digest) &&
                extend(measures, 3, EVENT_RUNTIME, digest, name, hex.data);
    base_buf_free(&input);
    base_buf_free(&hex);
    return done;
}

/* In the order in which dstack boots. */
static bool boot(sim_measures *measures, const sim_app *app, const sim_instance *instance,
                 const char *provider)
{
    return firmware_event(measures, 0, "dstack-simulator: firmware") &&
           firmware_event(measures, 1, "dstack-simulator: kernel") &&
           firmware_event(measures, 2, "dstack-simulator: command line") &&
           runtime_event(measures, "system-preparing", "", 0) &&
           runtime_event(measures, "app-id", app->app_id20, 20) &&
           runtime_event(measures, "compose-hash", measures->compose_hash32, 32) &&
           runtime_event(measures, "instance-id", instance->id20, app->no_instance_id ? 0 : 20) &&
           runtime_event(measures, "boot-mr-done", "", 0) &&
           runtime_event(measures, "os-image-hash", measures->os_image_hash32, 32) &&
           runtime_event(measures, "key-provider", provider, strlen(provider)) &&
           runtime_event(measures, "system-ready", "", 0);
}

bool sim_measure(sim_measures *measures, const sim_appkeys *keys, const sim_app *app,
                 const sim_instance *instance)
{
    char *provider = sim_key_provider_info(keys);
    *measures = (sim_measures){.event_log = json_array()};
    bool done = provider && measures->event_log &&
                hash_name(EVP_sha384(), "dstack-simulator: mrtd", measures->mrtd48) &&
                hash_name(EVP_sha256(), "dstack-simulator: os image", measures->os_image_hash32) &&
                hash_name(EVP_sha256(), "dstack-simulator: device", measures->device_id32) &&
                hash_name(EVP_sha256(), sim_app_compose, measures->compose_hash32) &&
                boot(measures, app, instance, provider);
    uint8_t all[5][48];
    memcpy(all[0], measures->mrtd48, 48);
    memcpy(all[1], measures->rtmr48, sizeof measures->rtmr48);
    free(provider);
    return done && hash(EVP_sha256(), all, sizeof all, measures->mr_aggregated32);
}

void sim_measures_free(sim_measures *measures)
{
    json_decref(measures->event_log);
}
