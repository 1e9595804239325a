/* SPDX-License-Identifier: MIT */
#include "guest/answer.h"

#include "base/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static json_t *parse(const char *text, size_t len, const char *method, base_error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(len ? text : "", len, JSON_REJECT_DUPLICATES, &problem);
    if (json_is_object(root)) return root;
    if (!root && !problem.text[0]) /* jansson has a word for everything but this */
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while reading the guest agent's answer");
    else
        base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                  "the guest agent's answer to %s is not a JSON object%s%s", method, root ? "" : ": ",
                  root ? "" : problem.text);
    json_decref(root);
    return NULL;
}

static bool decode(const json_t *value, void *out, size_t len)
{
    return json_is_string(value) &&
           base_hex_decode(json_string_value(value), json_string_length(value), out, len);
}

static int read_ids(const json_t *root, guest_info *info, base_error *error)
{
    static const uint8_t zero[20];
    json_t *instance = json_object_get(root, "instance_id");
    if (json_is_string(instance) && !json_string_length(instance))
        return base_fail(error, DSTACK_P2P_ERR_NO_INSTANCE_ID,
                         "the guest agent has no instance id: the app runs with no_instance_id, so its "
                         "instances cannot be told apart and none can be a peer");
    if (!decode(instance, info->instance_id20, 20) || !memcmp(info->instance_id20, zero, 20))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                         "the guest agent's instance_id is not 40 hex digits");
    if (!decode(json_object_get(root, "app_id"), info->app_id20, 20))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER, "the guest agent's app_id is not 40 hex digits");
    return 0;
}

int guest_read_info(const char *text, size_t len, guest_info *info, base_error *error)
{
    json_t *root = parse(text, len, "Info", error);
    int code = root ? read_ids(root, info, error) : error->code;
    json_decref(root);
    return code;
}

/* The end of the string literal that starts at json[at], or len when it has none. */
static size_t string_end(const char *json, size_t len, size_t at)
{
    for (at++; at < len && json[at] != '"'; at++)
        if (json[at] == '\\') at++;
    return at < len ? at : len;
}

static size_t skip_space(const char *json, size_t len, size_t at)
{
    while (at < len && strchr(" \t\r\n", json[at]) && json[at])
        at++;
    return at;
}

/* Finds the string value of a member of the outermost object, without a copy of anything. */
static char *find_member(char *json, size_t len, const char *name, size_t *value_len)
{
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        if (json[i] == '{' || json[i] == '[') depth++;
        if (json[i] == '}' || json[i] == ']') depth--;
        if (json[i] != '"') continue;
        size_t start = i + 1, end = string_end(json, len, i);
        i = skip_space(json, len, end + 1);
        bool is_name = depth == 1 && i < len && json[i] == ':';
        if (!is_name || end - start != strlen(name) || memcmp(json + start, name, end - start) != 0) {
            i = end;
            continue;
        }
        i = skip_space(json, len, i + 1);
        if (i >= len || json[i] != '"') return NULL;
        *value_len = string_end(json, len, i) - (i + 1);
        return json + i + 1;
    }
    return NULL;
}

static int read_chain(const json_t *root, guest_key *key, base_error *error)
{
    json_t *chain = json_object_get(root, "signature_chain");
    json_t *app = json_array_get(chain, 0), *kms = json_array_get(chain, 1);
    if (!decode(app, key->app_signature65, 65))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                         "the guest agent's signature_chain[0] (app key) is not 65 bytes of hex");
    if (json_array_size(chain) < 2 || (json_is_string(kms) && !json_string_length(kms)))
        return base_fail(error, DSTACK_P2P_ERR_NO_KMS_SIGNATURE,
                         "the app key carries no KMS signature: this machine's keys come from a local key "
                         "provider; a cluster needs instances deployed with a KMS");
    if (!decode(kms, key->kms_signature65, 65))
        return base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                         "the guest agent's signature_chain[1] (KMS) is not 65 bytes of hex");
    return 0;
}

int guest_read_key(char *text, size_t len, guest_key *key, base_error *error)
{
    size_t digits = 0;
    char *hex = find_member(text, len, "key", &digits);
    bool decoded = hex && base_hex_decode(hex, digits, key->key32, 32);
    if (hex) memset(hex, '0', digits);
    json_t *root = parse(text, len, "GetKey", error);
    if (!root) return error->code;
    int code = decoded ? read_chain(root, key, error)
                       : base_fail(error, DSTACK_P2P_ERR_GUEST_ANSWER,
                                   "the guest agent's answer to GetKey has no key of 64 hex digits");
    json_decref(root);
    return code;
}

void guest_read_refusal(const char *text, size_t len, char *sentence, size_t size)
{
    json_t *root = json_loadb(len ? text : "", len, JSON_REJECT_DUPLICATES, NULL);
    const char *words = json_string_value(json_object_get(root, "error"));
    snprintf(sentence, size, "%s", words ? words : "");
    json_decref(root);
}
