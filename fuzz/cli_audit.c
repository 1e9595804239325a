/* SPDX-License-Identifier: MIT */

/*
 * A saved audit, as dstack-p2p verify --offline is given it by anybody. What is taken is what would be
 * written, and says of each peer what its evidence says.
 */

#include "cli/verify/audit.h"
#include "fuzz.h"

#include <string.h>

/* The same audit again, or the writer and the reader do not mean the same. */
static void check_again(const cli_audit *audit)
{
    cli_audit again;
    base_error error = {0};
    json_t *document = cli_audit_write(audit);
    char *text = json_dumps(document, JSON_COMPACT);
    FUZZ_REQUIRE(text && !cli_audit_read(text, strlen(text), &again, &error));
    json_t *second = cli_audit_write(&again);
    FUZZ_REQUIRE(json_equal(document, second));
    free(text);
    json_decref(document);
    json_decref(second);
    cli_audit_free(&again);
}

static void check_peers(const cli_audit *audit)
{
    size_t proven = 0;
    for (size_t i = 0; i < audit->count; i++) {
        const cli_audit_peer *peer = &audit->peers[i];
        FUZZ_REQUIRE(fuzz_is_printable(peer->event.url) && *peer->event.url);
        FUZZ_REQUIRE(cli_audit_verdict_name(peer->verdict));
        FUZZ_REQUIRE(peer->has_event || peer->verdict == REGISTRY_NO_EVENT);
        FUZZ_REQUIRE(peer->has_event || !peer->has_anchor);
        proven += peer->verdict == REGISTRY_PROVEN;
    }
    FUZZ_REQUIRE(proven == audit->proven && proven <= audit->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    cli_audit audit;
    base_error error = {0};
    size_t len = size;
    char *text = (char *)fuzz_bytes(&input, &len);
    int code = cli_audit_read(text, len, &audit, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text) && !code == !*error.text);
    if (!code) {
        check_peers(&audit);
        check_again(&audit);
    }
    cli_audit_free(&audit);
    free(text);
    return 0;
}
