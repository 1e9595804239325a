/* SPDX-License-Identifier: MIT */

/*
 * The guest agent's answers, the first byte choosing which. Of GetKey's, the key's digits are gone from the
 * text afterwards, whatever came of it.
 */

#include "base/hex.h"
#include "fuzz.h"
#include "guest/answer.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

static void check_info(const char *text, size_t len)
{
    static const uint8_t zero[20];
    guest_info info = {0};
    base_error error = {0};
    int code = guest_read_info(text, len, &info, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    FUZZ_REQUIRE(code == 0 || code == DSTACK_P2P_ERR_GUEST_ANSWER || code == DSTACK_P2P_ERR_NO_INSTANCE_ID);
    FUZZ_REQUIRE(code || memcmp(info.instance_id20, zero, 20) != 0);
}

/* The key as a JSON parser finds it: 64 digits, or false. */
static bool find_key(const char *text, size_t len, char digits[static 65])
{
    json_t *root = json_loadb(len ? text : "", len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *key = json_object_get(root, "key");
    uint8_t bytes[32];
    bool found =
        json_is_string(key) && base_hex_decode(json_string_value(key), json_string_length(key), bytes, 32);
    if (found) memcpy(digits, json_string_value(key), 65);
    json_decref(root);
    return found;
}

static void check_key(char *text, size_t len)
{
    char before[65], after[65], digits[65];
    guest_key key = {0};
    base_error error = {0};
    /* An escape is another spelling, which no agent uses: such an answer is refused as it stands. */
    bool plain = len && !memchr(text, '\\', len), there = find_key(text, len, before);
    int code = guest_read_key(text, len, &key, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    if (there && plain) {
        FUZZ_REQUIRE(find_key(text, len, after));
        FUZZ_REQUIRE(strspn(after, "0") == 64 && !strstr(error.text, before));
    }
    if (code) return;
    base_hex_encode(key.key32, 32, digits);
    FUZZ_REQUIRE(there && strcasecmp(digits, before) == 0);
}

static void check_refusal(const char *text, size_t len)
{
    char sentence[64];
    memset(sentence, 'x', sizeof sentence);
    guest_read_refusal(text, len, sentence, sizeof sentence);
    FUZZ_REQUIRE(memchr(sentence, '\0', sizeof sentence));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    uint8_t which = fuzz_byte(&input);
    size_t len = input.len;
    char *text = (char *)fuzz_bytes(&input, &len);
    if (which % 3 == 0) check_info(text, len);
    if (which % 3 == 1) check_key(text, len);
    if (which % 3 == 2) check_refusal(text, len);
    free(text);
    return 0;
}
