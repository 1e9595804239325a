/* SPDX-License-Identifier: MIT */
#include "support/fake_guest.h"

#include "base/hex.h"
#include "eth/keccak.h"
#include "eth/key.h"

#include <jansson.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HUGE_BODY = 100 * 1000 * 1000, MINUTE_MS = 60000 };

static const char app_key[] = "d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d";

struct fake_guest {
    fake_server *server;
    pthread_mutex_t lock; /* guards what follows */
    fake_guest_state state;
    unsigned keys;
};

void fake_guest_app_key(uint8_t key32[static 32])
{
    if (!base_hex_decode(app_key, 64, key32, 32)) abort();
}

/* HKDF-SHA256 with dstack's salt. */
void fake_guest_key(const char *path, uint8_t key32[static 32])
{
    struct hmac_sha256_ctx hmac;
    uint8_t ikm[32], prk[32];
    fake_guest_app_key(ikm);
    hmac_sha256_set_key(&hmac, 5, (const uint8_t *)"RATLS");
    hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                 (nettle_hash_digest_func *)hmac_sha256_digest, 32, sizeof ikm, ikm, prk);
    hmac_sha256_set_key(&hmac, sizeof prk, prk);
    hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, 32, strlen(path), (const uint8_t *)path, 32,
                key32);
}

static void sign(const char *purpose, const uint8_t key32[static 32], guest_fault fault, char *hex)
{
    uint8_t signer[32], public_key[33], hash[32], signature[65] = {0};
    char message[512], digits[67];
    fake_guest_app_key(signer);
    if (fault == GUEST_OTHER_SIGNER) signer[0] ^= 1;
    eth_key_public(key32, public_key);
    base_hex_encode(public_key, sizeof public_key, digits);
    int len = snprintf(message, sizeof message, "%s:%s", purpose, digits);
    eth_keccak256(message, (size_t)len, hash);
    eth_key_sign(signer, hash, signature);
    if (fault == GUEST_GARBAGE_SIGNATURE) memset(signature, 0xff, sizeof signature);
    base_hex_encode(signature, fault == GUEST_SHORT_SIGNATURE ? 64 : 65, hex);
}

static char *key_answer(const fake_guest_state *state, guest_fault fault, const char *body)
{
    uint8_t key[32];
    char key_hex[65], app_signature[131];
    json_t *request = json_loads(body, 0, NULL);
    const char *path = json_string_value(json_object_get(request, "path"));
    const char *purpose = json_string_value(json_object_get(request, "purpose"));
    fake_guest_key(path ? (fault == GUEST_OTHER_KEY ? "other" : path) : "", key);
    sign(purpose ? purpose : "", key, fault, app_signature);
    if (fault == GUEST_ZERO_KEY) memset(key, 0, sizeof key);
    base_hex_encode(key, sizeof key, key_hex);
    json_t *chain = json_array();
    json_array_append_new(chain, json_string(app_signature));
    if (state->kms_signature) json_array_append_new(chain, json_string(state->kms_signature));
    json_t *answer = json_pack("{sssO}", "key", key_hex, "signature_chain", chain);
    if (fault == GUEST_NO_CHAIN) json_object_del(answer, "signature_chain");
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(chain);
    json_decref(answer);
    json_decref(request);
    return text;
}

static char *info_answer(const fake_guest_state *state)
{
    json_t *answer = json_pack("{ssss}", "app_name", "fake", "tcb_info", "{\"event_log\":[]}");
    if (state->instance_id) json_object_set_new(answer, "instance_id", json_string(state->instance_id));
    if (state->app_id) json_object_set_new(answer, "app_id", json_string(state->app_id));
    char *text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    return text;
}

static void go_wrong(guest_fault fault, const char *good, fake_reply *reply)
{
    static const char no_http[] = "what do you want?\r\n\r\n";
    switch (fault) {
    case GUEST_400:
        fake_send(reply, 400, "{\"error\":\"the path is too long\"}");
        break;
    case GUEST_500_EMPTY:
        fake_send(reply, 500, "");
        break;
    case GUEST_HALF:
        fake_send_half(reply, good);
        break;
    case GUEST_CLOSES:
        fake_close(reply);
        break;
    case GUEST_HTML:
        fake_send_as(reply, 200, "text/html", "", "<html><body>It works!</body></html>");
        break;
    case GUEST_BROKEN_JSON:
        fake_send(reply, 200, "{\"instance_id\":\"16");
        break;
    case GUEST_JSON_ARRAY:
        fake_send(reply, 200, "[1,2]");
        break;
    case GUEST_HUGE:
        fake_stream(reply, HUGE_BODY, false);
        break;
    case GUEST_EMPTY:
        fake_send(reply, 200, "");
        break;
    case GUEST_EMPTY_OBJECT:
        fake_send(reply, 200, "{}");
        break;
    case GUEST_NO_STATUS_LINE:
        fake_send_raw(reply, no_http, sizeof no_http - 1);
        fake_close(reply);
        break;
    case GUEST_SLOW:
        fake_delay(reply, MINUTE_MS);
        fake_send(reply, 200, good);
        break;
    default:
        fake_send(reply, 200, good);
    }
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    fake_guest *guest = context;
    bool is_key = !strcmp(request->path, "/GetKey");
    pthread_mutex_lock(&guest->lock);
    const fake_guest_state state = guest->state;
    guest_fault fault = state.info;
    if (is_key) fault = guest->keys++ < state.key_after ? GUEST_HEALTHY : state.key;
    pthread_mutex_unlock(&guest->lock);
    char *good = is_key ? key_answer(&state, fault, request->body) : info_answer(&state);
    if (is_key || !strcmp(request->path, "/Info"))
        go_wrong(fault, good, reply);
    else
        fake_send(reply, 400, "{\"error\":\"no such method\"}");
    free(good);
}

fake_guest *fake_guest_start(bool tcp)
{
    fake_guest *guest = calloc(1, sizeof *guest);
    if (!guest) abort();
    pthread_mutex_init(&guest->lock, NULL);
    guest->state = (fake_guest_state){FAKE_INSTANCE_ID, FAKE_APP_ID,   FAKE_KMS_SIGNATURE,
                                      GUEST_HEALTHY,    GUEST_HEALTHY, 0};
    guest->server = tcp ? fake_server_tcp(handle, guest) : fake_server_unix(handle, guest);
    return guest;
}

fake_guest_state *fake_guest_set(fake_guest *guest)
{
    return &guest->state;
}

fake_server *fake_guest_server(fake_guest *guest)
{
    return guest->server;
}

void fake_guest_stop(fake_guest *guest)
{
    if (!guest) return;
    fake_server_stop(guest->server);
    pthread_mutex_destroy(&guest->lock);
    free(guest);
}
