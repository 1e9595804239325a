/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include "base/secret.h"
#include "derive.h"

#include <string.h>

static bool read_algorithm(const json_t *fields, sim_algorithm *algorithm, sim_answer *answer)
{
    static const struct {
        const char *name;
        sim_algorithm algorithm;
    } known[] = {
        {"", SIM_SECP256K1}, {"secp256k1", SIM_SECP256K1}, {"k256", SIM_SECP256K1}, {"ed25519", SIM_ED25519}};
    sim_text text;
    if (!sim_request_text(fields, "algorithm", SIM_DERIVE_MAX, &text, answer)) return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        *algorithm = known[i].algorithm;
        if (strlen(known[i].name) == text.len && memcmp(known[i].name, text.data, text.len) == 0) return true;
    }
    sim_answer_error(answer, 400,
                     "Unsupported algorithm: \"%.64s\" (secp256k1, k256 and ed25519 are supported)",
                     text.data);
    return false;
}

/* By hand rather than with jansson, which would leave copies of the key behind. */
static void write_answer(const sim_appkeys *keys, const uint8_t key32[static 32],
                         const uint8_t signature65[static 65], base_buf *body)
{
    base_buf_puts(body, "{\"key\":\"");
    base_buf_hex(body, key32, 32);
    base_buf_puts(body, "\",\"signature_chain\":[\"");
    base_buf_hex(body, signature65, 65);
    base_buf_puts(body, "\",\"");
    base_buf_hex(body, keys->kms_signature65, keys->kms_signature_len);
    base_buf_puts(body, "\"]}");
}

void sim_get_key(const sim_call *call, sim_answer *answer)
{
    uint8_t key[32], public_key[33], signature[65];
    sim_text path, purpose;
    sim_algorithm algorithm;
    if (!sim_request_text(call->fields, "path", SIM_DERIVE_MAX, &path, answer) ||
        !sim_request_text(call->fields, "purpose", SIM_DERIVE_MAX, &purpose, answer) ||
        !read_algorithm(call->fields, &algorithm, answer))
        return;
    const uint8_t *app_key = call->keys->app_key32;
    bool done = sim_derive_key(app_key, path.data, path.len, key);
    size_t len = done ? sim_derive_public(algorithm, key, public_key) : 0;
    if (len && sim_derive_sign(app_key, purpose.data, purpose.len, public_key, len, signature))
        write_answer(call->keys, key, signature, &answer->body);
    else
        sim_answer_error(answer, 500, "the key could not be derived");
    base_wipe(key, sizeof key);
}
