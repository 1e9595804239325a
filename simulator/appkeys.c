/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* strdup */
#include "appkeys.h"

#include "base/buf.h"
#include "base/hex.h"
#include "base/secret.h"
#include "eth/key.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL(error, ...) (base_fail(error, DSTACK_P2P_ERR_CONFIG, __VA_ARGS__), false)

/* The field's text, borrowed from the object; NULL with an error when it is missing or no string. */
static const char *text_of(const json_t *object, const char *field, base_error *error)
{
    const json_t *value = json_object_get(object, field);
    if (!value) base_fail(error, DSTACK_P2P_ERR_CONFIG, "the field %s is missing", field);
    if (value && !json_is_string(value))
        base_fail(error, DSTACK_P2P_ERR_CONFIG, "the field %s is not a string", field);
    return json_string_value(value);
}

/* Exactly `len` bytes in hex. What the field holds stays out of the sentence. */
static bool read_bytes(const json_t *object, const char *field, uint8_t *out, size_t len, base_error *error)
{
    const char *text = text_of(object, field, error);
    if (!text) return false;
    size_t digits = strlen(text);
    if (digits != 2 * len)
        return FAIL(error, "the field %s has %zu hex digits instead of %zu", field, digits, 2 * len);
    if (!base_hex_decode(text, digits, out, len))
        return FAIL(error, "the field %s has other characters than hex digits", field);
    return true;
}

static bool check_hex(const json_t *object, const char *field, base_error *error)
{
    const char *text = text_of(object, field, error);
    if (!text) return false;
    if (text[strspn(text, "0123456789abcdefABCDEF")] || strlen(text) % 2)
        return FAIL(error, "the field %s is not hex", field);
    return true;
}

static bool read_app_key(sim_appkeys *keys, const json_t *object, base_error *error)
{
    if (!read_bytes(object, "k256_key", keys->app_key32, 32, error)) return false;
    if (!eth_key_valid(keys->app_key32))
        return FAIL(error, "the field k256_key is out of range: not a secp256k1 private key");
    return true;
}

static bool read_signature(sim_appkeys *keys, const json_t *object, base_error *error)
{
    const char *text = text_of(object, "k256_signature", error);
    keys->kms_signature_len = text && *text ? 65 : 0;
    if (!text || !*text) return text != NULL;
    return read_bytes(object, "k256_signature", keys->kms_signature65, 65, error);
}

/* The certificate's public key as dstack names a KMS: SubjectPublicKeyInfo in hex. */
static char *public_key_hex(const char *pem)
{
    unsigned char *der = NULL;
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
    int len = key ? i2d_PUBKEY(key, &der) : 0;
    char *hex = len > 0 ? malloc(2 * (size_t)len + 1) : NULL;
    if (hex) base_hex_encode(der, (size_t)len, hex);
    OPENSSL_free(der);
    X509_free(certificate);
    BIO_free(bio);
    return hex;
}

static bool read_certificate(sim_appkeys *keys, const json_t *object, base_error *error)
{
    const char *text = text_of(object, "ca_cert", error);
    if (!text) return false;
    keys->ca_cert = strdup(text);
    keys->key_provider_id = public_key_hex(text);
    if (!keys->ca_cert || !keys->key_provider_id)
        return FAIL(error, "the field ca_cert is not a certificate in PEM");
    return true;
}

static bool check_key_provider(const json_t *object, base_error *error)
{
    static const char *const kinds[] = {"None", "Local", "Tpm", "Kms"};
    const json_t *value = json_object_get(object, "key_provider");
    if (!value) return FAIL(error, "the field key_provider is missing");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_size(value) == 1 && json_is_object(json_object_get(value, kinds[i]))) return true;
    return FAIL(error, "the field key_provider is not an object with one object None, Local, Tpm or Kms");
}

static bool read_fields(sim_appkeys *keys, const json_t *object, base_error *error)
{
    if (!json_is_object(object)) return FAIL(error, "not a JSON object");
    return read_app_key(keys, object, error) && read_signature(keys, object, error) &&
           check_hex(object, "disk_crypt_key", error) &&
           (!json_object_get(object, "env_crypt_key") || check_hex(object, "env_crypt_key", error)) &&
           text_of(object, "gateway_app_id", error) && read_certificate(keys, object, error) &&
           check_key_provider(object, error);
}

static bool parse(sim_appkeys *keys, const char *text, size_t len, base_error *error)
{
    json_error_t problem;
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    /* jansson's own sentence quotes the text around the fault, which may be a key. */
    if (!object) return FAIL(error, "not valid JSON, at line %d, column %d", problem.line, problem.column);
    bool done = read_fields(keys, object, error);
    json_decref(object);
    return done;
}

static bool read_file(const char *file, base_buf *content, base_error *error)
{
    char chunk[4096];
    size_t len = 0;
    FILE *stream = fopen(file, "re");
    if (!stream) return FAIL(error, "cannot be opened: %s", strerror(errno));
    setvbuf(stream, NULL, _IONBF, 0); /* a buffer of stdio's would keep the keys */
    while ((len = fread(chunk, 1, sizeof chunk, stream)) > 0 && base_buf_append(content, chunk, len))
        ;
    int problem = ferror(stream) ? errno : 0;
    fclose(stream);
    base_wipe(chunk, sizeof chunk);
    if (problem) return FAIL(error, "cannot be read: %s", strerror(problem));
    if (content->overflow) return FAIL(error, "is larger than %d bytes", SIM_APPKEYS_MAX);
    if (content->no_memory) return FAIL(error, "out of memory");
    return true;
}

bool sim_appkeys_load(sim_appkeys *keys, const char *file, base_error *error)
{
    base_buf content = base_buf_make_secret(SIM_APPKEYS_MAX);
    *keys = (sim_appkeys){0};
    bool done =
        read_file(file, &content, error) && parse(keys, content.len ? content.data : "", content.len, error);
    base_buf_free(&content);
    base_error_context(error, "%s", file);
    return done;
}

bool sim_appkeys_load_public(sim_appkeys *keys, base_error *error)
{
    *keys = (sim_appkeys){0};
    bool done = parse(keys, sim_appkeys_public, strlen(sim_appkeys_public), error);
    base_error_context(error, "the built-in keys");
    return done;
}

void sim_appkeys_free(sim_appkeys *keys)
{
    free(keys->ca_cert);
    free(keys->key_provider_id);
    base_wipe(keys, sizeof *keys);
}
