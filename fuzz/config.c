/* SPDX-License-Identifier: MIT */

/*
 * A handle's configuration, a line per text: each is taken or refused with a sentence, which does not tell
 * the private key.
 */

#include "cluster/config.h"
#include "fuzz.h"

#include <ctype.h>
#include <string.h>

enum { CONTRACT, URL, RPC_URLS, GUEST, KEY, STATE_DIR, CACHE_FILE, KMS_ROOT, TEXTS };

static void check_taken(const cluster_config *config, char *const texts[static TEXTS])
{
    FUZZ_REQUIRE(config->has_contract && strlen(config->contract_text) == 42);
    FUZZ_REQUIRE(config->url && strcmp(config->url, texts[URL]) == 0);
    FUZZ_REQUIRE(strlen(config->url) <= 256 && config->rpc_urls && config->has_key);
}

/* Eight of the key's digits in a row would be a part of it. */
static void check_secret(const char *sentence, const char *key)
{
    char piece[9];
    for (; strlen(key) >= 8; key++) {
        snprintf(piece, sizeof piece, "%s", key);
        if (strspn(piece, "0123456789abcdefABCDEF") == 8) FUZZ_REQUIRE(!strstr(sentence, piece));
    }
}

static bool holds(const char *text, const char *key)
{
    char piece[9];
    for (; strlen(key) >= 8; key++) {
        snprintf(piece, sizeof piece, "%s", key);
        if (strstr(text, piece)) return true;
    }
    return false;
}

/* Where another text holds the same digits, a sentence may well say them. */
static bool key_stands_alone(char *const texts[static TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        if (i != KEY && holds(texts[i], texts[KEY])) return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    char *texts[TEXTS];
    cluster_config config;
    base_error error = {0};
    dstack_p2p_options options = {.block = (dstack_p2p_block)(fuzz_byte(&input) % 5)};
    for (int i = 0; i < TEXTS; i++)
        texts[i] = fuzz_line(&input);
    options.rpc_url = texts[RPC_URLS];
    options.guest_endpoint = texts[GUEST];
    options.private_key = texts[KEY];
    options.state_dir = texts[STATE_DIR];
    options.cache_file = texts[CACHE_FILE];
    options.kms_root = texts[KMS_ROOT];
    int code = cluster_config_load(&config, texts[CONTRACT], texts[URL], &options, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    FUZZ_REQUIRE((code == 0) == (error.text[0] == '\0'));
    if (!code) check_taken(&config, texts);
    if (key_stands_alone(texts)) check_secret(error.text, texts[KEY]);
    cluster_config_free(&config);
    for (int i = 0; i < TEXTS; i++)
        free(texts[i]);
    return 0;
}
