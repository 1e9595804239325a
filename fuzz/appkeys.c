/* SPDX-License-Identifier: MIT */

/* An appkeys.json: what is taken is complete, and a sentence on what is not does not hold a key. */

#define _GNU_SOURCE /* memfd_create */
#include "appkeys.h"
#include "eth/key.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("appkeys.json", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    FUZZ_REQUIRE(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static bool holds_key(const char *sentence)
{
    for (; *sentence; sentence++)
        if (strspn(sentence, "0123456789abcdefABCDEF") >= 16) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sim_appkeys keys;
    base_error error = {0};
    bool loaded = sim_appkeys_load(&keys, file_with(data, size), &error);
    FUZZ_REQUIRE(loaded == !error.code && fuzz_is_printable(error.text) && !holds_key(error.text));
    if (loaded) {
        FUZZ_REQUIRE(eth_key_valid(keys.app_key32) && keys.ca_cert && keys.key_provider_id);
        FUZZ_REQUIRE(keys.kms_signature_len == 65 || keys.kms_signature_len == 0);
    }
    sim_appkeys_free(&keys);
    return 0;
}
