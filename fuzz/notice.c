/* SPDX-License-Identifier: MIT */

/*
 * What a node sends over a WebSocket, and the log entries among it. What is understood is one of the kinds,
 * with texts that fit and can be shown; an entry is of the contract, and its URL can be published.
 */

#include "eth/notice.h"
#include "fuzz.h"
#include "registry/events.h"

#include <string.h>

static const uint8_t contract20[20] = {0x5f, 0xbd, 0xb2, 0x31, 0x56, 0x78, 0xaf, 0xec, 0xb3, 0x67,
                                       0xf0, 0x32, 0xd9, 0x3f, 0x64, 0x2f, 0x64, 0x18, 0x0a, 0xa3};

static void check_event(const json_t *log)
{
    registry_event event;
    base_error error = {0};
    int code = registry_read_event(log, contract20, &event, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    if (code) return;
    FUZZ_REQUIRE(event.kind <= REGISTRY_POLICY_TIGHTENED);
    FUZZ_REQUIRE(memchr(event.url, '\0', sizeof event.url) && fuzz_is_printable(event.url));
    FUZZ_REQUIRE((event.kind == REGISTRY_PEER_REGISTERED) == (event.url[0] != '\0'));
}

static void check_notice(const eth_notice *notice)
{
    FUZZ_REQUIRE(notice->kind <= ETH_NOTICE_LOG);
    FUZZ_REQUIRE(memchr(notice->text, '\0', sizeof notice->text) && fuzz_is_printable(notice->text));
    FUZZ_REQUIRE(memchr(notice->subscription, '\0', sizeof notice->subscription));
    FUZZ_REQUIRE(fuzz_is_printable(notice->subscription));
    FUZZ_REQUIRE((notice->kind == ETH_NOTICE_LOG) == (notice->log != NULL));
    if (notice->log) check_event(notice->log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    size_t len = size;
    char *text = (char *)fuzz_bytes(&input, &len);
    eth_notice notice;
    base_error error = {0};
    int code = eth_notice_read(text, len, &notice, &error);
    FUZZ_REQUIRE(code == error.code && fuzz_is_printable(error.text));
    FUZZ_REQUIRE(code == 0 || code == DSTACK_P2P_ERR_RPC_ANSWER || code == DSTACK_P2P_ERR_NO_MEMORY);
    if (!code) check_notice(&notice);
    eth_notice_free(&notice);
    free(text);
    return 0;
}
