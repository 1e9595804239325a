/* SPDX-License-Identifier: MIT */

/*
 * What a server answers to the opening of a WebSocket. What opens one does so for its key alone, ends its
 * head with an empty line, and is the same however it comes in pieces.
 */

#include "net/upgrade.h"
#include "fuzz.h"

#include <string.h>

#define KEY       "dGhlIHNhbXBsZSBub25jZQ=="
#define OTHER_KEY "AAAAAAAAAAAAAAAAAAAAAA=="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    char reason[256] = "";
    size_t len = size;
    char *answer = (char *)fuzz_bytes(&input, &len);
    int head = len ? net_upgrade_check(answer, len, KEY, reason, sizeof reason) : 0;
    FUZZ_REQUIRE(head >= -1 && head <= (int)len && memchr(reason, '\0', sizeof reason));
    if (head > 0) {
        FUZZ_REQUIRE(head >= 4 && !memcmp(answer + head - 4, "\r\n\r\n", 4));
        FUZZ_REQUIRE(net_upgrade_check(answer, len, OTHER_KEY, reason, sizeof reason) == -1);
        FUZZ_REQUIRE(net_upgrade_check(answer, (size_t)head, KEY, reason, sizeof reason) == head);
        FUZZ_REQUIRE(net_upgrade_check(answer, (size_t)head - 1, KEY, reason, sizeof reason) == 0);
    }
    free(answer);
    return 0;
}
