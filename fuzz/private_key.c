/* SPDX-License-Identifier: MIT */

/* The file with the paying key: taken if it is 64 digits of a valid key, white space and 0x around allowed.
 */

#define _GNU_SOURCE /* memfd_create */
#include "cluster/private_key.h"
#include "base/hex.h"
#include "eth/key.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("key", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0 && !fchmod(fd, S_IRUSR | S_IWUSR));
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    FUZZ_REQUIRE(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The key that a file of these bytes holds, read in another way. */
static bool expected(const char *text, size_t len, uint8_t key32[static 32])
{
    size_t start = 0;
    while (start < len && is_space(text[start]))
        start++;
    while (len > start && is_space(text[len - 1]))
        len--;
    if (len - start == 66 && memcmp(text + start, "0x", 2) == 0) start += 2;
    return base_hex_decode(text + start, len - start, key32, 32) && eth_key_valid(key32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    base_error error = {0};
    uint8_t *key = NULL, wanted[32] = {0};
    char *text = fuzz_text(&input);
    bool valid = size <= 256 && expected(text, size, wanted);
    int code = cluster_private_key_load(NULL, file_with(data, size), NULL, &key, &error);
    FUZZ_REQUIRE(!code == !!key && code == error.code && fuzz_is_printable(error.text));
    FUZZ_REQUIRE((code == 0) == valid);
    FUZZ_REQUIRE(!valid || memcmp(key, wanted, 32) == 0);
    FUZZ_REQUIRE(valid || code == DSTACK_P2P_ERR_PRIVATE_KEY);
    cluster_private_key_free(key);
    free(text);
    return 0;
}
