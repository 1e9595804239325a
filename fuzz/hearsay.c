/* SPDX-License-Identifier: MIT */

/* What a peer answers when hello_p2p asks whom it greeted: a bounded number of ids and times, or a reason. */

#include "hearsay.h"
#include "fuzz.h"
#include "peers.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hello_told *told;
    size_t count;
    const char *problem = hearsay_parse((const char *)data, size, &told, &count);
    FUZZ_REQUIRE(count <= HEARSAY_PEERS && (told || !count));
    FUZZ_REQUIRE(!problem || !told);
    for (size_t i = 0; i < count; i++)
        FUZZ_REQUIRE(peers_is_id(told[i].id) && told[i].at >= 0 && told[i].at <= 253402300799);
    free(told);
    return 0;
}
